// Package train is the training of a GAN: a game between two networks as a few
// compiled programs, the order in which they run, and what a run leaves in its
// directory.
//
// A Game declares the Variables of a configuration and builds its programs; it
// knows no device and no files. A step of the loop is a fixed sequence of those
// programs. The host feeds each a batch and reads its results late: state lives
// on the device, and a run that meets a NaN changes nothing there. What changes in
// the course of a run reads a clock of steps there, which the last program of a
// step moves; random numbers come from each program's own streams and count of runs.
//
// Invariants: batch n feeds the n-th discriminator update, so that the place of
// a run is its step and the program that comes next; a resumed run has the bits
// of an uninterrupted one, on the same device, libraries and threads; pictures
// for people change neither the state nor a random stream; a steady step
// allocates nothing on the Go heap.
package train
