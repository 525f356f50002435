"""Test images that also stand among the training images, on which a score is no test."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..datasets import Images


def find_repeated(images: "Images", test_files: Sequence[str] = ()) -> dict[str, Any] | None:
    """{count, example} of the test images with the pixels of a training image; None for none.

    The example is the first one's name out of `test_files`, or "image 3" where there are none.
    """
    trained = {hashlib.sha256(image.tobytes()).digest() for image in images.train_images}
    repeated = [
        i for i, image in enumerate(images.test_images)
        if hashlib.sha256(image.tobytes()).digest() in trained
    ]  # fmt: skip
    if not repeated:
        return None
    first = repeated[0]
    example = test_files[first] if test_files else f"image {first}"
    return {"count": len(repeated), "example": example}


def repeated_sentence(description: Mapping[str, Any]) -> str | None:
    """What a description of prepared images says of `find_repeated`; None where it found none."""
    found = description.get("repeated")
    if not found:
        return None
    some = f"{found['count']} of {description['n_test']} test images also stand"
    return f"{some} among the training images, such as {found['example']}"
