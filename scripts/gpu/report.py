"""The page that gpu-check writes."""


def page(date, version, gpu, checks, figures):
    """Markdown: what was checked, and the comparison. figures are bench.lines'."""
    out = [f"## {date}, {version}, {gpu}", "", "| check | result | |", "|---|---|---|"]
    out += [f"| {name} | {state} | {text.replace('|', '/')} |" for name, state, text in checks]
    if figures:
        out += ["", "Ratios are PyTorch's time over ours: the median of pairs, and their range.", "",
                "| run | precision | PyTorch's mode | ours, ms | PyTorch, ms | ratio | device memory, MiB | start to first step, s |", "|---|---|---|---|---|---|---|---|"]
    for f in figures:
        if not f["pairs"]:
            out.append(f"| {f['run']} | {f['precision']} | {f['mode']} | | | missing | | |")
            continue
        low, high = f["range"]
        out.append(f"| {f['run']} | {f['precision']} | {f['mode']} | {f['step_ms'][0]:.3f} | {f['step_ms'][1]:.3f} | {f['ratio']:.2f} ({low:.2f}-{high:.2f}, {f['pairs']}) "
                   f"| {f['mib'][0]:.0f} / {f['mib'][1]:.0f} | {f['start_s'][0]:.2f} / {f['start_s'][1]:.2f} |")
    return "\n".join(out) + "\n"
