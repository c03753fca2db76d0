"""Runs exported ONNX models in onnxruntime and compares with the engine.

    python check_onnx.py FOLDER

For each NAME.onnx, which ONNX's checker has to take, NAME.safetensors holds
operands and results: N/in/OPERAND and N/out/RESULT for batches of N rows,
images [n, h, w, c], which are [n, c, h, w] in the model. Results may differ by
1e-4, where they are larger than 1 by that share.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

import tensorfile

LIMIT = 1e-4
DEFAULTS = ("in0", "out0")  # a network whose author named nothing


def channels_first(x):
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2)) if x.ndim == 4 else x


def check(path):
    """The largest difference of a model's results."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    names = [v.name for v in (*model.graph.input, *model.graph.output)]
    if set(names) & set(DEFAULTS):
        sys.exit(f"{path.name}: operands and results {names} have no names of their own")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    tensors = tensorfile.read(path.with_suffix(".safetensors"))
    worst = 0
    for rows in sorted({name.split("/")[0] for name in tensors}):
        part = lambda kind: {name.split("/")[2]: channels_first(x) for name, x in tensors.items() if name.startswith(f"{rows}/{kind}/")}
        feed = {name: x.astype(np.int64) if x.dtype == np.int32 else x for name, x in part("in").items()}
        want = part("out")
        got = dict(zip(want, session.run(list(want), feed), strict=True))
        for name, x in want.items():
            if got[name].shape != x.shape or got[name].dtype != np.float32:
                sys.exit(f"{path.name}: {name} is {got[name].dtype} {got[name].shape}, the engine's float32 {x.shape}")
            off = float((np.abs(got[name] - x) / np.maximum(1, np.abs(x))).max())
            if not off <= LIMIT:
                sys.exit(f"{path.name}: {name} of {rows} rows differs by {off:.2g} (limit {LIMIT:g})")
            worst = max(worst, off)
    return worst


def main():
    models = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
    worst = max(check(path) for path in models)
    print(f"{len(models)} models, results differ by at most {worst:.2g} (limit {LIMIT:g}); onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")


if __name__ == "__main__":
    main()
