"""The networks of make_models.py in PyTorch; ResNet-50 and MobileNetV2 are torchvision's."""

import random

from torch import nn


def vgg16bn():
    features, channels = [], 3
    for block in ([64, 64], [128, 128], [256] * 3, [512] * 3, [512] * 3):
        for width in block:
            features += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            channels = width
        features.append(nn.MaxPool2d(2))
    return nn.Sequential(*features, nn.Flatten(), nn.Linear(512, 10))


class Block(nn.Module):
    def __init__(self, channels, inner, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, inner, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = nn.Conv2d(channels, width, 1, stride, bias=False) if stride > 1 else nn.Identity()

    def forward(self, x):
        return self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))) + self.shortcut(x))


def residual(depth, inner_width=lambda width: width):
    layers, channels = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)], 16
    for stage, width in enumerate((16, 32, 64)):
        for block in range((depth - 2) // 6):
            layers.append(Block(channels, inner_width(width), width, 2 if stage and block == 0 else 1))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def resnet56_pruned():
    """The widths of make_models.py."""
    draw = random.Random(0)
    return residual(56, lambda width: round(width * draw.uniform(0.35, 0.65)) | 1)


def make(name):
    """A network, the shape of an image and the number of classes."""
    if name == "resnet56-pruned":
        return resnet56_pruned(), (3, 32, 32), 10
    if name == "vgg16bn":
        return vgg16bn(), (3, 32, 32), 10
    if name.startswith("resnet") and name != "resnet50":
        return residual(int(name.removeprefix("resnet"))), (3, 32, 32), 10
    import torchvision

    return getattr(torchvision.models, {"mobilenetv2": "mobilenet_v2"}.get(name, name))(weights=None), (3, 224, 224), 1000
