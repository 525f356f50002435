"""Files of one's own that a published study keeps in its folder: where they stand now."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..runtime.own_files import is_own_file
from .reader import OWN_AXES
from .yaml_files import mapping


def read_published(folder: Path | str) -> dict:
    """What study.yaml in `folder` says, each file that is kept there by its path of now.

    The folder may have been copied or renamed. Other paths stay as they are. Raises StudyError
    where study.yaml is no mapping.
    """
    said = mapping(Path(folder, "study.yaml"))
    return with_changed_paths(said, lambda file: str(kept_place(file, said, folder) or file))


def kept_place(file: str, study: Mapping, folder: Path | str) -> Path | None:
    """Where `folder` keeps what the published `study` calls `file`; None for a file elsewhere.

    Publishing writes such a path as reference/NAME/…, by the study's name.
    """
    path, published = Path(file), Path("reference", str(study.get("name")))
    if ".." in path.parts or not path.is_relative_to(published):
        return None
    return Path(folder, path.relative_to(published))


def own_paths(study: Mapping) -> list[str]:
    """The paths of files beside it that the mapping `study` names, sorted."""
    items = [item for axis in OWN_AXES for item in _entries(study, axis)]
    return sorted({item["file"] for item in items if _names_own_file(item)})


def with_changed_paths(study: Mapping, change: Callable[[str], str]) -> dict:
    """The mapping `study` with `change` applied to each path of a file beside it."""
    changed = dict(study)
    for axis in OWN_AXES:
        if items := _entries(study, axis):
            changed[axis] = [
                {**item, "file": change(item["file"])} if _names_own_file(item) else item
                for item in items
            ]
    return changed


def _entries(study: Mapping, axis: str) -> list:
    """What stands below the key `axis`; none where that is no list, which a check refuses."""
    items = study.get(axis)
    return items if isinstance(items, list) else []


def _names_own_file(item: Any) -> bool:
    file = item.get("file") if isinstance(item, Mapping) else None
    return isinstance(file, str) and is_own_file(file)
