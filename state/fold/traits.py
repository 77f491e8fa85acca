"""Declared traits, from `identify`.

The newest `identify` has the last word, of two at the same instant the one that comes later; an
older one only adds traits that are missing. A trait said to be null is forgotten.
"""

from collections.abc import Mapping
from typing import Any

from state.bounds import NAME_BYTES, TRAIT_BYTES, TRAITS_KEPT, cut
from state.fold.reading import number
from state.profile import Profile, Scalar
from state.sections import TRAITS


def identify(
    profile: Profile, said: Mapping[str, Any], at_ms: int, declared: Mapping[str, str]
) -> int:
    """Keep what was `said` of the `declared` traits (name -> "string", "int", "double", "bool")."""
    newest = at_ms >= profile.identified_at
    if newest:
        profile.identified_at = at_ms
    traits = profile.traits
    for name, kind in declared.items():
        if name not in said or not (newest or name not in traits):
            continue
        value = said[name]
        if value is None:
            traits.pop(name, None)
            continue
        kept = _read(profile, value, kind)
        if kept is None or len(name.encode("utf-8", "replace")) > NAME_BYTES:
            profile.trimmed += 1
            continue
        traits[name] = kept
        if len(traits) > TRAITS_KEPT:
            del traits[max(traits, key=lambda name: (name not in declared, name))]
            profile.trimmed += 1
    return TRAITS


def _read(profile: Profile, value: object, kind: str) -> Scalar | None:
    """`value` as the declared kind, when nothing is lost by it; else None."""
    match kind, value:
        case "bool", bool():
            return value
        case _, bool():
            return None
        case "string", str():
            return cut(profile, value, TRAIT_BYTES)
        case "int", int() if -(1 << 63) <= value < 1 << 63:
            return value
        case "int", float() if value.is_integer() and number(value) is not None:
            return int(value)
        case "double", int() | float():
            return number(value)
    return None
