// Package engine_test holds the floors of the whole module: which package may
// import which. It has no other code.
package engine_test

// An edge lets the package from import the package to; both are folders of
// the module. A to of "x/..." stands for every package below x, "..." for
// every package.
type edge struct{ from, to string }

// allowed is every edge between packages of this module, lowest floor first.
// Imports go down: an edge that points up or sideways is a design change, so
// change the design with it. Test files are left out: they may look at any
// floor, for instance to run the conformance suite on a device.
func allowed() []edge {
	return []edge{
		// Ground: isa, plainfile, printable, spelling, plan, config files. They import
		// nothing of ours. What has assembly, or chooses it, asks isa.
		{"engine/philox", "engine/internal/isa"},
		{"engine/debug", "engine/internal/isa"},
		{"engine/cpu", "engine/internal/isa"},
		{"engine/cpu/vec", "engine/internal/isa"},
		{"engine/cpu/gemm", "engine/internal/isa"},
		{"engine/cpu/winograd", "engine/internal/isa"},
		{"engine/cpu/amx", "engine/internal/isa"},
		{"engine/cpu/onednn", "engine/internal/isa"},
		{"engine/internal/isa/isagen", "engine/internal/isa"},
		{"engine/internal/isa/isatest", "engine/internal/isa"},
		{"engine/philox/internal/gen", "engine/internal/isa/isagen"},
		{"engine/cpu/vec/internal/gen", "engine/internal/isa/isagen"},
		{"engine/cpu/gemm/internal/gen", "engine/internal/isa/isagen"},
		{"engine/cpu/gemm/internal/genwide", "engine/internal/isa/isagen"},
		{"engine/cpu/gemm/internal/genstrided", "engine/internal/isa/isagen"},
		{"engine/cpu/winograd/internal/gen", "engine/internal/isa/isagen"},
		{"engine/cpu/amx/internal/gen", "engine/internal/isa/isagen"},
		{"engine/atomicfile", "engine/plainfile"},
		{"engine/safetensors", "engine/atomicfile"},
		{"engine/safetensors", "engine/plainfile"},
		{"engine/torchfile", "engine/plainfile"},

		{"engine/philox/internal/gen", "engine/philox"}, // its constants, into assembly
		{"engine/philox/internal/gen", "engine/internal/splat"},
		{"engine/cpu/vec/internal/gen", "engine/internal/splat"},
		{"engine/cpu/winograd/internal/gen", "engine/internal/transpose"},
		{"engine/cpu/amx/internal/gen", "engine/internal/transpose"},
		{"engine/cpu/amx/internal/gen", "engine/cpu/amx/internal/tile"},

		// The graph language, and what reads it without running it.
		{"engine/fuse", "engine/graph"},
		{"engine/reference", "engine/graph"},
		{"engine/reference", "engine/philox"},
		{"engine/reference", "engine/plan"}, // a Device of its own, for tests
		{"engine/reference", "engine/device"},
		{"engine/nn", "engine/graph"},
		{"engine/optim", "engine/graph"},
		{"engine/onnx", "engine/graph"},

		// Devices: the interface, then what stands behind it.
		{"engine/device", "engine/graph"},
		{"engine/device", "engine/plan"},
		{"engine/rewrite", "engine/graph"},
		{"engine/rewrite", "engine/fuse"},
		{"engine/lower", "engine/graph"},
		{"engine/lower", "engine/plan"},
		{"engine/lower", "engine/fuse"},
		{"engine/cpu", "engine/graph"},
		{"engine/cpu", "engine/plan"},
		{"engine/cpu", "engine/device"},
		{"engine/cpu", "engine/fuse"},
		{"engine/cpu", "engine/lower"},
		{"engine/cpu", "engine/rewrite"},
		{"engine/cpu", "engine/debug"},
		{"engine/cpu", "engine/philox"},
		{"engine/cpu", "engine/cpu/onednn"},
		{"engine/cpu", "engine/cpu/gemm"},
		{"engine/cpu", "engine/cpu/vec"},
		{"engine/cpu", "engine/cpu/winograd"},
		{"engine/cpu", "engine/cpu/amx"},
		{"engine/cpu/amx", "engine/cpu/gemm"},
		{"engine/cpu/convtest", "engine/cpu/gemm"},
		{"engine/cpu/winograd", "engine/cpu/gemm"},
		{"engine/cpu/winograd", "engine/cpu/winograd/internal/toom"},
		{"engine/cpu/winograd/internal/gen", "engine/cpu/winograd/internal/toom"},

		{"cuda/cudnn", "engine/atomicfile"},
		{"cuda", "engine/atomicfile"},
		{"cuda", "engine/keep"},
		{"cuda", "cuda/driver"},
		{"cuda", "cuda/cudnn"},
		{"cuda", "cuda/emit"},
		{"cuda", "kernels"},
		{"cuda/emit", "kernels"},
		{"cuda/emit", "engine/graph"},
		{"cuda/emit", "engine/fuse"},
		{"cuda/emit", "engine/philox"},
		{"cuda", "engine/graph"},
		{"cuda", "engine/plan"},
		{"cuda", "engine/fuse"},
		{"cuda", "engine/lower"},
		{"cuda", "engine/rewrite"},
		{"cuda", "engine/device"},
		{"cuda", "engine/debug"},

		// A session takes a device and imports no backend.
		{"engine/session", "engine/graph"},
		{"engine/session", "engine/plan"},
		{"engine/session", "engine/device"},
		{"engine/session", "engine/debug"},
		{"engine/session", "engine/safetensors"},
		{"engine/onnx/onnxtest", "engine/device"},
		{"engine/onnx/onnxtest", "engine/graph"},
		{"engine/onnx/onnxtest", "engine/safetensors"},
		{"engine/onnx/onnxtest", "engine/session"}, // what models are compared with
		{"engine/session", "engine/atomicfile"},    // a checkpoint is no output of the user's: nothing is reached through a link
		{"engine/devicetest", "engine/graph"},
		{"engine/devicetest", "engine/plan"},
		{"engine/devicetest", "engine/device"},
		{"engine/devicetest", "engine/reference"},
		{"engine/devicetest", "engine/philox"},

		{"engine/roofline", "engine/device"},
		{"engine/roofline", "engine/graph"},
		{"engine/roofline", "engine/session"},

		// GANs: no package here names a backend.
		{"gan/config", "configs"},
		{"gan/config/configtest", "gan/config"},
		{"gan/config/configtest", "gan/systems"}, // whose configurations tests make
		{"gan/config/configtest", "gan/game"},    // and their games, where nothing is opened
		{"gan/config/configtest", "engine/graph"},
		{"gan/config/configtest", "configs"}, // all that are shipped
		{"gan/config", "engine/spelling"},
		{"gan/config", "engine/printable"},
		{"gan/data", "engine/printable"}, // what is shown of files' names
		{"gan/train", "engine/printable"},
		{"engine/debug", "engine/spelling"},
		{"gan/rundir", "engine/atomicfile"},
		{"gan/rundir", "engine/plainfile"},
		{"gan/npy", "engine/atomicfile"},
		{"gan/picture", "engine/atomicfile"},
		{"gan/tfevents", "engine/atomicfile"},
		{"gan/tfevents", "engine/plainfile"},
		{"gan/loss", "engine/graph"},
		{"gan/metric", "engine/spelling"},
		{"gan/model", "engine/graph"},
		{"gan/model", "engine/nn"},
		{"gan/model", "gan/config"},
		{"gan/systems", "engine/graph"},
		{"gan/systems", "gan/config"},
		{"gan/systems", "gan/model"},
		{"gan/data/pixel", "gan/data/memory"}, // what a picture takes is compared with what there is
		{"gan/data/pixel", "gan/npy"},         // pixels as they stand, in archives
		{"gan/data/files", "gan/data/memory"},
		{"gan/data/files", "gan/data/pixel"},
		{"gan/data/folder", "gan/data/files"},
		{"gan/data/near", "gan/data/pixel"},
		{"gan/data/pack", "engine/atomicfile"},
		{"gan/data/pack", "gan/npy"},
		{"gan/data/pack", "gan/data/classes"},
		{"gan/data/pixel", "gan/data/fastpng"},
		{"gan/data/files", "gan/data/classes"},
		{"gan/data/zipped", "gan/data/files"},
		{"gan/data/zipped", "gan/data/classes"},
		{"gan/data/zipped", "gan/data/memory"},
		{"gan/data/zipped", "gan/data/pixel"},
		{"gan/data/zipped", "engine/plainfile"},
		{"gan/data/shards", "gan/data/files"},
		{"gan/data/shards", "gan/data/classes"},
		{"gan/data/shards", "gan/data/memory"},
		{"gan/data/shards", "gan/data/pixel"},
		{"gan/data/shards", "engine/plainfile"},
		{"gan/data/folder", "gan/data/pixel"},
		{"gan/data/folder", "engine/plainfile"},
		{"gan/data/idx", "engine/plainfile"},
		{"gan/data/idx", "gan/data/memory"},
		{"gan/data/idx", "gan/data/pixel"},
		{"gan/data/glyphs", "gan/data/seeded"},
		{"gan/data/mixture", "gan/data/seeded"},
		{"gan/data", "gan/data/..."},
		{"gan/train", "engine/graph"},
		{"gan/train", "engine/nn"},
		{"gan/train", "engine/session"},
		{"gan/train", "engine/device"},
		{"gan/train", "engine/debug"},
		{"gan/train", "engine/roofline"},
		{"gan/train", "engine/atomicfile"},
		{"gan/train", "engine/plainfile"},
		{"gan/train", "engine/safetensors"}, // weights of other programs, damage told from mismatch, and which data to open before there is a session
		{"gan/train", "gan/config"},
		{"gan/train", "gan/data"},
		{"gan/train", "gan/model"},
		{"gan/train", "gan/rundir"},
		{"gan/train", "gan/tfevents"},
		{"gan/train", "gan/picture"},
		// What a system is written in, the systems, and what runs any of them.
		{"gan/game", "engine/graph"},
		{"gan/game", "engine/nn"},
		{"gan/game", "engine/optim"},
		{"gan/game", "gan/config"},
		{"gan/game", "gan/model"},
		{"gan/systems", "engine/nn"},
		{"gan/systems", "gan/game"},
		{"gan/systems", "gan/loss"},
		{"gan/systems/rows", "engine/atomicfile"},
		{"gan/train", "gan/game"},
		{"gan/train", "gan/measure"},
		{"gan/train", "gan/watch"},
		{"gan/train", "gan/metric"},
		{"gan/inception", "engine/graph"},
		{"gan/inception", "engine/device"},
		{"gan/inception", "engine/debug"},
		{"gan/inception", "engine/session"},
		{"gan/measure", "engine/device"},
		{"gan/measure", "engine/debug"},
		{"gan/measure", "engine/graph"},
		{"gan/measure", "engine/session"}, // products of rows run on the device
		{"gan/measure", "gan/data"},
		{"gan/measure", "gan/data/mixture"}, // whose modes are known
		{"gan/measure", "gan/features"},
		{"gan/measure", "engine/keep"}, // features of real samples between evaluations
		{"gan/measure", "engine/atomicfile"},
		{"gan/measure", "engine/safetensors"},
		{"gan/measure", "gan/classifier"}, // that samples are lessons for
		{"gan/train", "gan/features"},
		{"gan/features", "engine/device"},
		{"gan/features", "gan/classifier"},
		{"gan/classifier", "engine/keep"},
		{"gan/classifier", "engine/device"},
		{"gan/classifier", "engine/debug"},
		{"gan/classifier", "engine/graph"},
		{"gan/classifier", "engine/nn"},
		{"gan/classifier", "engine/optim"},
		{"gan/classifier", "engine/session"},
		{"gan/classifier", "engine/safetensors"}, // where a kept network comes from
		{"gan/classifier", "gan/data"},
		{"gan/features", "engine/debug"},
		{"gan/features", "engine/safetensors"}, // which network a file holds
		{"gan/features", "engine/torchfile"},
		{"gan/features", "engine/plainfile"},
		{"gan/features", "gan/inception"},
		{"gan/features", "engine/spelling"},
		{"gan/features", "gan/data"},
		{"gan/measure", "gan/metric"},
		{"gan/measure", "gan/rundir"}, // how numbers stand in metrics.jsonl
		// The page of a run, made from its files.
		{"gan/report", "engine/atomicfile"},
		{"gan/report", "engine/plainfile"},
		{"gan/report", "engine/printable"},
		{"gan/report", "gan/measure"}, // values with their protocols
		{"gan/report", "gan/metric"},
		{"gan/report", "gan/rundir"},
		{"gan/train", "gan/report"},
		// Runs side by side: their configurations, and values with their protocols.
		{"gan/compare", "gan/config"},
		{"gan/compare", "gan/measure"},
		{"gan/compare", "gan/metric"},
		{"gan/compare", "gan/rundir"},
		{"gan/compare", "gan/train"}, // which reads a run's configuration
		// Numbers of a run for those who look from outside; nothing below knows of it.
		{"gan/telemetry", "gan/train"},
		{"gan/telemetry", "gan/watch"},
		{"gan/explore", "gan/game"},
		{"gan/explore", "engine/session"},
		{"gan/explore", "engine/device"},
		{"gan/explore", "engine/graph"},
		{"gan/explore", "engine/debug"},
		{"gan/explore", "engine/atomicfile"},
		{"gan/explore", "engine/plainfile"},
		{"gan/explore", "engine/safetensors"},
		{"gan/explore", "engine/onnx"},
		{"gan/explore", "gan/train"},
		{"gan/explore", "gan/model"},
		{"gan/explore", "gan/picture"},
		{"gan/explore", "gan/npy"},
		// Images that a run is given are brought to its size by what reads those that it trains on.
		{"gan/explore", "gan/data/files"},
		{"gan/explore", "gan/data/folder"},
		{"gan/explore", "gan/data/pixel"},
		{"gan/explore", "gan/config"},
		{"gan/explore", "gan/rundir"},

		// The command line alone knows everything; nothing imports it.
		{"cmd/ganengine", "..."},
	}
}
