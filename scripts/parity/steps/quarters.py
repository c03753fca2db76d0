"""gan/systems/quarters.go: images that are halved twice."""

import torch
from torch.nn import functional as F

SLOPE = 0.1


class Quarters:
    def __init__(self, net, side, channels, width, slope=SLOPE):
        self.net, self.side, self.channels, self.width, self.slope = net, side, channels, width, slope

    def generator(self, z, track):
        net, s, c = self.net, self.side // 4, self.channels
        x = F.relu(net.norm("dense0.norm", net.dense("dense0", z, self.width, bias=False), track))
        x = F.relu(net.norm("dense1.norm", net.dense("dense1", x, s * s * 2 * c, bias=False), track))
        x = x.reshape(-1, s, s, 2 * c)
        x = F.relu(net.norm("up.norm", net.conv_transpose("up", x, c, 4, 2, 1, bias=False), track))
        return torch.sigmoid(net.conv_transpose("image", x, 1, 4, 2, 1))

    def convolve(self, x, track):
        net, c = self.net, self.channels
        x = F.leaky_relu(net.conv("down0", x, c, 4, 2, 1), self.slope)
        x = F.leaky_relu(net.norm("down1.norm", net.conv("down1", x, 2 * c, 4, 2, 1, bias=False), track), self.slope)
        return x.reshape(x.shape[0], -1)

    def trunk(self, x, track):
        return self.leaky("dense", self.convolve(x, track), self.width, track)

    def leaky(self, name, x, out, track):
        net = self.net
        return F.leaky_relu(net.norm(name + ".norm", net.dense(name, x, out, bias=False), track), self.slope)
