"""The names of the table of fields as a tree: what may follow what."""

from typing import Final

from decisions.language.fields import FIELDS

BY_NAME: Final = {field.name: field for field in FIELDS}
"""A field's name → the field."""


def _children() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"": ["customer"]}
    for path in BY_NAME:
        while path:
            above, _, last = path.rpartition(".")
            if path.endswith("[key]"):
                above, last = path.removesuffix("[key]"), "[key]"
            below = found.setdefault(above, [])
            if last not in below:
                below.append(last)
            path = above
    return found


CHILDREN: Final = _children()
"""Path → what may follow it."""
