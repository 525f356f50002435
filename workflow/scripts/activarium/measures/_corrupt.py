"""Ten simple corruptions of images, made on their device from named generators."""

from collections.abc import Callable

import torch
from torch.nn import functional as F

from ..train.randomness import generator

PART = 1000  # images


def corrupt(images: torch.Tensor, name: str) -> torch.Tensor:
    """uint8 `images` [n, channels, height, width] under one of CORRUPTIONS, the same each time.

    They are changed PART by part, so that few are in memory as floats.
    """
    draws = generator(f"corruption {name}", 0, device=images.device)
    return torch.cat(
        [_as_pixels(CORRUPTIONS[name](x.float() / 255, draws)) for x in images.split(PART)]
    )


def _as_pixels(x):
    """Numbers from 0 to 1 as uint8; what is beyond is cut off."""
    return x.clamp(0, 1).mul(255).round().to(torch.uint8)


def _normal(x, draws):
    return torch.randn(x.shape, generator=draws, device=x.device)


def _gaussian_noise(x, draws):
    return x + 0.2 * _normal(x, draws)


def _salt_and_pepper(x, draws):
    """A tenth of the pixels black or white."""
    drawn = torch.rand(x[:, :1].shape, generator=draws, device=x.device)
    return torch.where(drawn < 0.05, 0.0, torch.where(drawn > 0.95, 1.0, x))


def _speckle_noise(x, draws):
    return x + 0.4 * x * _normal(x, draws)


def _filtered(x, kernel):
    """Each channel convolved with a kernel [height, width], edges repeated."""
    rows, columns = (n // 2 for n in kernel.shape)
    padded = F.pad(x, (columns, columns, rows, rows), mode="replicate")
    weight = kernel.to(x).expand(x.shape[1], 1, *kernel.shape)
    return F.conv2d(padded, weight, groups=x.shape[1])


def _gaussian_blur(x, draws):
    """A standard deviation of one pixel."""
    line = torch.exp(-0.5 * torch.arange(-3.0, 4) ** 2)
    kernel = torch.outer(line, line)
    return _filtered(x, kernel / kernel.sum())


def _motion_blur(x, draws):
    """The mean of five pixels in a row."""
    return _filtered(x, torch.full((1, 5), 0.2))


def _contrast(x, draws):
    """Two fifths of the distance from each image's mean."""
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + 0.4 * (x - mean)


def _brightness(x, draws):
    return x + 0.3


def _gamma(x, draws):
    """Dark tones darker."""
    return x**2


def _pixelate(x, draws):
    """Half the pixels in each direction."""
    height, width = x.shape[-2:]
    small = F.adaptive_avg_pool2d(x, (max(1, height // 2), max(1, width // 2)))
    return F.interpolate(small, (height, width))


def _occlusion(x, draws):
    """A grey square of two fifths of a side, somewhere in the image."""
    n, _, height, width = x.shape
    side = max(1, round(0.4 * min(height, width)))
    inside = []
    for size in (height, width):
        first = torch.randint(size - side + 1, (n, 1), generator=draws, device=x.device)
        place = torch.arange(size, device=x.device)
        inside.append((place >= first) & (place < first + side))
    hidden = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return torch.where(hidden, 0.5, x)


CORRUPTIONS: dict[str, Callable[[torch.Tensor, torch.Generator], torch.Tensor]] = {
    "gaussian noise": _gaussian_noise,
    "salt and pepper": _salt_and_pepper,
    "speckle noise": _speckle_noise,
    "gaussian blur": _gaussian_blur,
    "motion blur": _motion_blur,
    "contrast": _contrast,
    "brightness": _brightness,
    "gamma": _gamma,
    "pixelate": _pixelate,
    "occlusion": _occlusion,
}
