"""The residual networks of He et al. for small pictures, with shortcuts that have no weights.

Source: K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", CVPR
2016, section 4.2: 6 n + 2 layers, of 16, 32 and 64 filters in three stages of n blocks.
"""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812 (torch's own name for it)
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with batch normalisation, y = ReLU(F(x) + shortcut(x)).

    The shortcut is the identity; where the stage changes, every second pixel with zeros for the
    new channels (option A of section 3.3), half of them on either side.

    Parameters
    ----------
    channels_in, channels_out
        Before and after: equal, or `stride` times as many after.
    stride
        1 or 2, of the first convolution.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.new_channels = channels_out - channels_in
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)

    def shortcut(self, inputs: Tensor) -> Tensor:
        """The inputs in the shape of the outputs."""
        if self.stride == 1:
            return inputs
        before = self.new_channels // 2
        kept = inputs[:, :, :: self.stride, :: self.stride]
        return F.pad(kept, (0, 0, 0, 0, before, self.new_channels - before))

    def forward(self, inputs: Tensor) -> Tensor:
        """The block's outputs."""
        inner = F.relu(self.norm1(self.conv1(inputs)))
        return F.relu(self.norm2(self.conv2(inner)) + self.shortcut(inputs))


class CifarResNet(nn.Module):
    """The network with 6 n + 2 layers: ResNet-110 for n = 18.

    Parameters
    ----------
    blocks
        n, the blocks of each stage.
    channels
        Of the inputs.
    num_classes
        The number of logits.

    Examples
    --------
    >>> network = CifarResNet(blocks=18, channels=3, num_classes=10)
    >>> sum(parameter.numel() for parameter in network.parameters())
    1727962
    """

    def __init__(self, *, blocks: int, channels: int, num_classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 16, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        stages: list[nn.Module] = []
        before = 16
        for width in (16, 32, 64):
            for _ in range(blocks):
                stages.append(ResidualBlock(before, width, width // before))
                before = width
        self.blocks = nn.Sequential(*stages)
        self.linear = nn.Linear(64, num_classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """The logits."""
        features = self.blocks(F.relu(self.norm(self.conv(inputs))))
        # The mean over the picture, of any size.
        logits: Tensor = self.linear(features.mean(dim=(2, 3)))
        return logits
