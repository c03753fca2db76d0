// Package cudnn is a thin binding of the convolutions of cuDNN 9's backend API
// for the CUDA device: descriptors, engine choice, execution plans.
//
// The library is opened at run time and nothing of it is linked, so a program
// built here runs on machines that lack it; no header of cuDNN is needed.
// Everything exists only in builds with the tag cuda, on Linux with cgo.
//
// # Search
//
// Open looks for libcudnn.so.9 on the loader's path, then in the active Python
// or Conda environment and other places where PyPI's wheel nvidia-cudnn-cu13
// (or cu12) puts it: an environment .venv here, every Python on the path, the
// user's packages, pyenv's and Conda's; then in /opt/cudnn and /usr/local/cuda.
// One that was built for a newer CUDA than the driver's would fail at the first
// handle: it is closed again and the next one is tried. The wheel finds its own
// parts, cuBLAS and NVRTC beside itself.
//
// # Layout and numbers
//
// Images are NHWC, filters KRSC, both dense, and operands lie on boundaries of
// 16 bytes. Sums are in fp32. An engine that converts its operands to a smaller
// type or adds up in one is never taken, for Float32 none that uses tensor
// cores (they would round to TF32), and one that may give other bits on the
// next run only where it is allowed.
//
// # Choice of engines
//
// The same convolution, library and device properties give the same list of
// engines, in the heuristic's order. Which one runs is a Choice: an engine's
// number and the settings of its knobs, small enough to be recorded and
// enforced later: a Chooser takes what a Record names, else what a Cache has of
// earlier measurements, else measures or follows the heuristic. Plans can be made from a description of a device, without
// the device: that is how they are tested.
//
// A Library's methods may be called from one goroutine at a time.
//
// Reference: NVIDIA cuDNN 9, "cuDNN Backend API"; the values in api.h are those
// of 9.6 to 9.26.
package cudnn
