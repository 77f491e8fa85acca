"""What the surroundings of an expression declare."""

from collections.abc import Iterable, Mapping
from typing import Final

from decisions.language.kinds import BOOL, DOUBLE, INT, STRING, list_of

TEXTS: Final = list_of(STRING)
TRAIT_TYPES: Final = frozenset({BOOL, INT, DOUBLE, STRING, TEXTS})


class Scope:
    """The traits and segments that an expression may name, whether there is an event, and whether
    offers are chosen, which may be for who asks with a context.

    `traits` maps a trait to its type, one of TRAIT_TYPES; ValueError for another. `key` is the type
    of what a run of a journey is about, which is then known as `key`: a plain one of TRAIT_TYPES,
    or dyn; "" where there is none.
    """

    def __init__(
        self,
        traits: Mapping[str, str] | None = None,
        segments: Iterable[str] = (),
        *,
        event: bool = True,
        context: bool = True,
        key: str = "",
    ) -> None:
        self.traits = dict(traits or {})
        self.segments = frozenset(segments)
        self.event = event
        self.context = context
        self.key = key
        for name, kind in self.traits.items():
            if kind not in TRAIT_TYPES:
                raise ValueError(f"trait {name}: expected one of {sorted(TRAIT_TYPES)}, got {kind}")
