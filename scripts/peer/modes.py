"""How users run PyTorch. Apart from peer.py, so that who starts the processes
needs no PyTorch: its memory would be counted as that of the processes."""

ALL = ["eager", "channels_last", "compile"]
GPU = ["graph", "max-autotune"]  # there only


def of(config):
    """Those that make sense: layouts are for images, and torch.compile has no
    double backward."""
    image = config["model"]["kind"] == "dcgan"
    return [m for m in ALL if (image or m != "channels_last") and ("gp" not in config["loss"] or m != "compile")]
