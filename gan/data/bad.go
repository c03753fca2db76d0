package data

import "ganengine/gan/data/files"

// Bad names the files that a run does without: those that could not be read
// when it began, and those that went bad since.
type Bad = files.Bad

// filesOf is the images that are files behind a set, nil where samples are no files of their own.
func filesOf(set Set) *files.Set {
	switch s := set.(type) {
	case *files.Set:
		return s
	case *cached:
		return filesOf(s.Images)
	}
	return nil
}

// FileName is the file that sample i of a set is, below its root; "" where samples are
// no files of their own.
func FileName(set Set, i int) string {
	if p := within(set); p != nil {
		return FileName(p.Set, p.indices[i])
	}
	if f := filesOf(set); f != nil {
		return f.Name(i)
	}
	return ""
}

// Lost are the samples of a set that its Spec's Since, or its opening, found
// gone bad since the run began.
func Lost(set Set) []int {
	if p := within(set); p != nil {
		return p.lost()
	}
	if f := filesOf(set); f != nil {
		return f.Lost()
	}
	return nil
}

// BadOf names what a run on a set does without that has lost these samples.
func BadOf(set Set, lost []int) Bad {
	if p := within(set); p != nil {
		return BadOf(p.Set, p.inWhole(lost))
	}
	if f := filesOf(set); f != nil {
		return f.Bad(lost)
	}
	return Bad{}
}

// Identity is a set's fingerprint without the samples that were lost.
func Identity(set Set, lost []int) string {
	if p := within(set); p != nil {
		return p.identity(lost)
	}
	if f := filesOf(set); f != nil {
		return f.Identity(lost)
	}
	return set.Fingerprint()
}
