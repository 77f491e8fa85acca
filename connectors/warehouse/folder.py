"""A warehouse that is a folder of this machine: which one, and whether a file in it is still the
same."""

from pathlib import Path
from urllib.parse import unquote, urlsplit


def local_folder(url: str) -> Path | None:
    """The folder that an address names; None when it lies in an object store."""
    parts = urlsplit(url)
    if "://" not in url:
        return Path(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def identity(url: str) -> tuple[int, int, int] | None:
    """What tells a file that is written once from another one that is put in its place.

    None in an object store, and of a file that cannot be seen.
    """
    file = local_folder(url)
    if file is None:
        return None
    try:
        found = file.stat()
    except OSError:
        return None
    # The time as well: a file system gives the number of what was removed to the next that is made.
    return found.st_dev, found.st_ino, found.st_mtime_ns
