// Package train runs a game of package game: its compiled programs in the order that
// the game's sequence gives, the loop around them, and what a run leaves in its
// directory. It knows neither systems nor their players.
//
// A step of the loop is one pass through the order. The host feeds each a batch and reads its results late: state lives
// on the device, and a run that meets a NaN changes nothing there. What changes in
// the course of a run reads a clock of steps there, which the last program of a
// step moves; random numbers come from each program's own streams and count of runs.
//
// Invariants: which samples a run takes follows from its step and its place in it; a resumed run has the bits
// of an uninterrupted one, on the same device, libraries and threads; pictures
// for people change neither the state nor a random stream; a steady step
// allocates nothing on the Go heap.
package train
