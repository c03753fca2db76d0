"""A small network that tells Fashion-MNIST's classes apart, and the distance of
two sets of images by what it sees in them."""

import gzip
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

GOAL = 0.90  # test accuracy


def images(folder, split):
    """uint8 [n, 32, 32] and labels [n]; 28x28 padded with black."""
    def read(name, header):
        with gzip.open(pathlib.Path(folder) / f"{split}-{name}-ubyte.gz") as f:
            return np.frombuffer(f.read()[header:], np.uint8)

    x = read("images-idx3", 16).reshape(-1, 28, 28)
    return np.pad(x, ((0, 0), (2, 2), (2, 2))), torch.from_numpy(read("labels-idx1", 8).copy()).long()


def scaled(x):
    """uint8 [n, 32, 32] to float32 [n, 1, 32, 32] in [-1, 1]."""
    return torch.from_numpy(x).float()[:, None] / 127.5 - 1


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, 5, stride=2, padding=2), nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(64 * 8 * 8, 128), nn.ReLU(),
        )
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.body(x))

    @torch.no_grad()
    def see(self, x):
        """Features float64 [n, 128] and classes [n] of uint8 images."""
        self.eval()
        features = torch.cat([self.body(scaled(part)) for part in np.array_split(x, max(1, len(x) // 500))])
        return features.double().numpy(), self.head(features).argmax(1).numpy()


def trained(folder, work, epochs=8):
    """The classifier, trained once and kept in work. Epochs end early once the
    test accuracy is good enough."""
    path, net = pathlib.Path(work) / "classifier.pt", Classifier()
    if path.exists():
        net.load_state_dict(torch.load(path, weights_only=True))
        return net
    torch.manual_seed(0)
    net = Classifier()
    x, y = images(folder, "train")
    test, truth = images(folder, "t10k")
    optimizer, began = torch.optim.Adam(net.parameters(), 1e-3), time.time()
    for epoch in range(epochs):
        net.train()
        for at in torch.randperm(len(x)).split(128):
            loss = F.cross_entropy(net(scaled(x[at.numpy()])), y[at])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        accuracy = (net.see(test)[1] == truth.numpy()).mean()
        print(f"classifier: epoch {epoch + 1}, test accuracy {accuracy:.4f}, {time.time() - began:.0f} s", flush=True)
        if accuracy >= GOAL + 0.005:
            break
    if accuracy < GOAL:
        raise SystemExit(f"the classifier reached {accuracy:.4f} only; it needs {GOAL}")
    torch.save(net.state_dict(), path)
    return net


def frechet(a, b):
    """The Frechet distance of the Gaussians fitted to features a and b, in
    float64: |m1-m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2)."""
    mean = a.mean(0) - b.mean(0)
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(ca)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ cb @ root).clip(0)).sum()
    return float(mean @ mean + np.trace(ca) + np.trace(cb) - 2 * cross)
