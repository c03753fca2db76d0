package cpu

import "syscall"

// adviseHuge asks for huge pages: an arena is touched end to end many times a
// step. It is advice; a kernel that does not take it is as right.
func adviseHuge(pages []byte) { _ = syscall.Madvise(pages, syscall.MADV_HUGEPAGE) }
