"""torchvision's loader, as pytorch/examples' DCGAN has it: peer.py FOLDER BATCH WORKERS.

Prints one object: images a second from the first batch to the end of a pass, and
the seconds of processors that the pass took, workers included.
"""

import json
import resource
import sys
import time

import torch
import torchvision
from torchvision import transforms


def processors():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main():
    folder, batch, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    data = torchvision.datasets.ImageFolder(folder, transforms.Compose([
        transforms.Resize(64), transforms.CenterCrop(64), transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))]))
    loader = torch.utils.data.DataLoader(data, batch_size=batch, shuffle=True, num_workers=workers, drop_last=True)
    before = processors()
    batches = iter(loader)
    next(batches)
    began, n = time.perf_counter(), 0
    for images, _ in batches:
        n += len(images)
    seconds = time.perf_counter() - began
    del batches  # ends the workers, whose time counts then
    print(json.dumps({"images_per_second": n / seconds, "cpu_us": 1e6 * (processors() - before) / (n + batch),
                      "torch": torch.__version__, "torchvision": torchvision.__version__}))


if __name__ == "__main__":
    main()
