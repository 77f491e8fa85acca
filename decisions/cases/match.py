"""What was expected beside what there is: which fits which, and how a line says each."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from decisions.cases.case import Wanted
from state.times import rfc3339

SECOND_MS = 1_000


class There(Struct, frozen=True):
    """Something that is, or has happened."""

    name: str
    body: dict[str, Any] = {}
    at_ms: int | None = None
    """None where it has no time."""


def fits(wanted: Wanted, one: There) -> bool:
    """Whether it is what is wanted: of a body only what is named counts, of a time the second."""
    if wanted.name != one.name or not holds(one.body, wanted.says):
        return False
    if wanted.at_ms is None:
        return True
    return one.at_ms is not None and 0 <= one.at_ms - wanted.at_ms < SECOND_MS


def holds(body: Any, says: Any) -> bool:
    """Whether `body` has all that `says` names, with these values."""
    if isinstance(says, dict) and isinstance(body, dict):
        return all(name in body and holds(body[name], value) for name, value in says.items())
    return same(body, says)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON values: true is not 1, but 2.0 is 2."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def aligned(
    wanted: Sequence[Wanted], got: Sequence[There]
) -> Iterator[tuple[Wanted | None, There | None]]:
    """Both in one order, with as many as possible beside what they fit; of the others first what
    was wanted."""
    # lengths[i][j]: how many of wanted[i:] can stand beside some of got[j:].
    lengths = [[0] * (len(got) + 1) for _ in range(len(wanted) + 1)]
    for i in reversed(range(len(wanted))):
        for j in reversed(range(len(got))):
            most = max(lengths[i + 1][j], lengths[i][j + 1])
            lengths[i][j] = 1 + lengths[i + 1][j + 1] if fits(wanted[i], got[j]) else most
    i = j = 0
    while i < len(wanted) or j < len(got):
        here = i < len(wanted) and j < len(got)
        if here and fits(wanted[i], got[j]):
            yield wanted[i], got[j]
            i, j = i + 1, j + 1
        elif i < len(wanted) and (j == len(got) or lengths[i + 1][j] == lengths[i][j]):
            yield wanted[i], None
            i += 1
        else:
            yield None, got[j]
            j += 1


def paired(
    wanted: Sequence[Wanted], got: Sequence[There]
) -> Iterator[tuple[Wanted | None, There | None]]:
    """The same in any order: those that fit, then what was wanted and is not there, then what is
    there and was not wanted."""
    left, missing = list(got), []
    for one in sorted(wanted, key=lambda one: -len(one.says)):  # who says most has fewest to choose
        found = next((there for there in left if fits(one, there)), None)
        if found is None:
            missing.append(one)
        else:
            left.remove(found)
            yield one, found
    yield from ((one, None) for one in missing)
    yield from ((None, there) for there in left)


def line(wanted: Wanted) -> str:
    """On one line: order: Order 10, at 2026-01-01T01:00:00.000Z."""
    if list(wanted.says) == ["message"]:  # what people read needs no name before it
        parts = [str(wanted.says["message"])]
    else:
        parts = [f"{name} = {plain(value)}" for name, value in wanted.says.items()]
    if wanted.at_ms is not None:
        parts.append(f"at {rfc3339(wanted.at_ms)}")
    return f"{wanted.name}: {', '.join(parts)}" if parts else wanted.name


def as_wanted(one: There, wanted: Sequence[Wanted]) -> Wanted:
    """What there is, with as much of it as is asked for under its name."""
    alike = [other for other in wanted if other.name == one.name]
    says: dict[str, Any] = {}
    for other in alike:
        for name, value in other.says.items():
            found = _part(one.body.get(name), value)
            before = says.get(name)
            if isinstance(found, dict) and isinstance(before, dict):
                found = {**before, **found}
            says[name] = found
    timed = any(other.at_ms is not None for other in alike)
    return Wanted(one.name, says, one.at_ms if timed else None)


def _part(found: Any, asked: Any) -> Any:
    """Of a mapping, what is asked for."""
    if isinstance(found, dict) and isinstance(asked, dict):
        return {name: _part(found.get(name), value) for name, value in asked.items()}
    return found


def to_json(wanted: Wanted, key: str) -> Any:
    """As it is written below `key` of `expect`, with the time as a text."""
    if not wanted.says and wanted.at_ms is None:
        return wanted.name
    if key == "actions":
        found = {"action": wanted.name, **({"says": wanted.says} if wanted.says else {})}
    else:
        found = {"journey" if key == "journeys" else "alert": wanted.name, **wanted.says}
    return found if wanted.at_ms is None else {**found, "at": rfc3339(wanted.at_ms)}


def plain(value: Any) -> str:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False)
