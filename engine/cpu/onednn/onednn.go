// Package onednn is a thin binding of oneDNN's convolutions and matrix products
// for the CPU device. The library is opened at run time (2.x or 3.x), so a
// program built here runs, without it, on machines that lack it. Nothing but
// libdl is linked, and no header of oneDNN is needed; without cgo, or not on
// Linux, Open returns an error that says so.
//
// # Search
//
// Open takes the library's file. Without one libdnnl.so.3 and then libdnnl.so.2 are looked for on the loader's path, then
// in /usr/local/lib, Intel's directory, the active Python or Conda environment,
// ~/.local/lib and /opt/onednn*.
//
// What level of instructions it uses is the process's: the first Open decides, and one
// that asks for less later is an error.
//
// # Invariants
//
// Memory at the border is plain: images NHWC, filters KRSC. Layouts that oneDNN
// prefers live in the caller's workspace, with its scratch memory, and are
// converted within Run; so after creation a Primitive allocates nothing of its
// own, and a planner owns all memory. (oneDNN's matrix product packs its
// operands into buffers that it allocates and frees itself.)
//
// The same computation with the same library, machine and number of threads
// gives the same bits: kernels are chosen by rules, never by measuring.
//
// # Threads
//
// oneDNN's OpenMP runtime keeps a team of workers for each OS thread that calls
// it. A Library therefore owns one locked OS thread, all calls are made on it,
// and Run elsewhere is an error. Do carries a closure there; going there and
// back costs tens of microseconds, so a whole program belongs in one Do. One process should open
// one library file: two majors side by side share C++ symbols.
//
// Idle workers sleep (OMP_WAIT_POLICY=PASSIVE is set before loading unless the
// user chose otherwise), since spinning ones would take the cores from the
// caller's own threads. Waking them costs ten to twenty microseconds for each
// primitive, so small computations run on the one thread alone; spinning would
// save that on an idle machine and cost milliseconds on a busy one.
//
// oneDNN: https://uxlfoundation.github.io/oneDNN/, GNU OpenMP:
// https://gcc.gnu.org/onlinedocs/libgomp/
package onednn
