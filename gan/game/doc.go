// Package game is the language that systems are written in: a system declares
// its players, streams of data, codes, optimisers and turns, and the order in
// which turns make a step. Out of that come compiled programs and a sequence
// that says which of them runs when. The package knows no device and no files.
//
// A turn is one program: it takes batches, runs players, minimises goals and
// moves state. What happens n runs later is a pure function of the step, so
// that a run resumes anywhere: nothing of it is counted on the host.
//
// Invariants: all goals of one Minimise see the weights as they were before it,
// and what runs after it sees the new ones as data, which no gradient passes;
// a run that meets a NaN updates nothing; a program for people updates nothing
// and draws from one seed per row.
package game
