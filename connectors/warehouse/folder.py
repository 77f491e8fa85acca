"""A warehouse that is a folder of this machine: which one, and whether it is still the same."""

from pathlib import Path
from urllib.parse import unquote, urlsplit


def local_folder(url: str) -> Path | None:
    """The folder that an address names; None when it lies in an object store."""
    parts = urlsplit(url)
    if "://" not in url:
        return Path(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def identity(url: str) -> tuple[int, int] | None:
    """What tells a folder from another one that is put in its place, as when a volume is mounted.

    None in an object store, and of a folder that cannot be seen.
    """
    folder = local_folder(url)
    if folder is None:
        return None
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
