"""Declared traits, from `identify`.

The newest `identify` has the last word, of two at the same instant the one that comes later; an
older one only adds traits that are missing. A trait said to be null is forgotten.
"""

from collections.abc import Collection, Mapping
from typing import Any

from state.bounds import ITEMS_KEPT, LISTS_KEPT, NAME_BYTES, TRAIT_BYTES, TRAITS_KEPT, cut
from state.fold.reading import number
from state.profile import Profile, Trait
from state.sections import TRAITS


def identify(
    profile: Profile, said: Mapping[str, Any], at_ms: int, declared: Mapping[str, str]
) -> int:
    """Keep what was `said` of the `declared` traits (name -> one of `decisions`' types of traits:
    "string", "int", "double", "bool", "list(string)")."""
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
        if isinstance(kept, list):
            lists = [name for name, other in traits.items() if isinstance(other, list)]
            _make_room(profile, lists, LISTS_KEPT, declared)
        _make_room(profile, traits, TRAITS_KEPT, declared)
    return TRAITS


def _make_room(
    profile: Profile, among: Collection[str], most: int, declared: Mapping[str, str]
) -> None:
    """Drop one of the traits `among` which there may be `most`, where there is one more."""
    if len(among) > most:
        del profile.traits[max(among, key=lambda name: (name not in declared, name))]
        profile.trimmed += 1


def _read(profile: Profile, value: object, kind: str) -> Trait | None:
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
        case "list(string)", list():
            return _texts(profile, value)
    return None


def _texts(profile: Profile, said: list[object]) -> list[str] | None:
    """The first different ones, in the order in which they were said; None where one is no text."""
    texts = [one for one in said if isinstance(one, str)]
    if len(texts) < len(said):
        return None
    kept = list(dict.fromkeys(cut(profile, text, TRAIT_BYTES) for text in texts))
    if len(kept) > ITEMS_KEPT:
        profile.trimmed += 1
    return kept[:ITEMS_KEPT]
