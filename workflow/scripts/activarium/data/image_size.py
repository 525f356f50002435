"""The size of images, as height and width."""

from collections.abc import Sequence


def height_width(size: int | Sequence[int]) -> tuple[int, int]:
    """(height, width) of a `size`: one number for square images, or the two."""
    height, width = (size, size) if isinstance(size, int) else size
    return height, width
