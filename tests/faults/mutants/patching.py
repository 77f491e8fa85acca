"""How a part of the protocol is taken away from a process: by patches with names."""

from collections.abc import Callable
from typing import Any

Patch = Callable[[], None]


def entering(among: dict[str, Patch]) -> Callable[[str], Callable[[Patch], Patch]]:
    """A decorator that enters a patch into `among` by a name, which says what is wrong then."""

    def mutant(name: str) -> Callable[[Patch], Patch]:
        def entered(patch: Patch) -> Patch:
            among[name] = patch
            return patch

        return entered

    return mutant


def put(owner: Any, name: str, value: Any) -> None:
    """Set an attribute that is there, for good: nothing undoes it, so it is for a process of its
    own."""
    assert hasattr(owner, name), f"{owner} has no {name}: the patch would take nothing away"
    setattr(owner, name, value)
