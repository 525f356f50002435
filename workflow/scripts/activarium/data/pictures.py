"""One picture of a file as an array: decoded, upright, grey or RGB with 8 bits, cut to a size."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

WHITE = 255
BITS_16 = 65535
FORMATS = ("PNG", "JPEG", "BMP", "WEBP")  # as Pillow calls them; never another one by content


def read_picture(path: Path | str, size: tuple[int, int] | None = None) -> np.ndarray:
    """The picture in a PNG, JPEG, BMP or WebP file: uint8, [h, w] where it is grey, else [h, w, 3].

    It is turned as its EXIF says. 16-bit grey is scaled to 8 bits (65535 becomes 255); of 16-bit
    colour Pillow keeps the high byte. What is transparent is laid on white, as a page would show
    it: the colours below are often arbitrary. A palette of greys alone is grey; an RGB file stays
    RGB, even where all its pixels are grey. CMYK becomes RGB.

    `size` (height, width) scales the picture until it covers that, with antialiasing, and cuts the
    centre out. A JPEG is decoded at a half, a quarter or an eighth, where that is at least twice
    `size`. Raises whatever Pillow does for a damaged file.
    """
    with Image.open(path, formats=FORMATS) as opened:
        if size:
            opened.draft(None, (2 * max(size), 2 * max(size)))
        plain = _on_white(_eight_bits(ImageOps.exif_transpose(opened)))
    if size:
        plain = ImageOps.fit(plain, size[::-1], Image.Resampling.BILINEAR)
    return np.array(plain)


def _eight_bits(image: Image.Image) -> Image.Image:
    """A picture of 8 bits a channel; modes of Pillow are L, LA, RGB or RGBA afterwards."""
    if image.mode.startswith("I"):
        return _from_16_bits(np.asarray(image))
    grey = image.mode in ("1", "L", "LA", "La") or _has_grey_palette(image)
    kind = "L" if grey else "RGB"
    return image.convert(f"{kind}A" if image.has_transparency_data else kind)


def _has_grey_palette(image: Image.Image) -> bool:
    if image.mode not in ("P", "PA") or image.palette is None:
        return False
    colours = np.frombuffer(image.convert("RGB").tobytes(), np.uint8).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())


def _from_16_bits(values: np.ndarray) -> Image.Image:
    values = values.astype(np.int64)
    if values.min() < 0 or values.max() > BITS_16:
        raise ValueError(f"its values from {values.min()} to {values.max()} are no 16 bits")
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    """A picture without transparency, what shines through being white."""
    if not image.mode.endswith("A"):
        return image
    kind = image.mode.removesuffix("A")
    page = Image.new(kind, image.size, (WHITE,) * len(kind) if len(kind) > 1 else WHITE)
    page.paste(image.convert(kind), mask=image.getchannel("A"))
    return page


def stack_pictures(pictures: list[np.ndarray], channels: int | None = None) -> np.ndarray:
    """Pictures of one height and width as uint8 [n, h, w, channels].

    Without `channels` it is 1 where every picture is grey, else 3, with grey in all three. With 1,
    colours become grey by ITU-R 601 luma, as Pillow does it.
    """
    channels = channels or max(1 if p.ndim == 2 else 3 for p in pictures)
    whole = np.empty((len(pictures), *pictures[0].shape[:2], channels), np.uint8)
    for place, picture in zip(whole, pictures, strict=True):
        if channels == 1 and picture.ndim == 3:
            picture = np.asarray(Image.fromarray(picture).convert("L"))
        place[:] = picture if picture.ndim == 3 else picture[..., np.newaxis]
    return whole
