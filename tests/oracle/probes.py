"""At which instants to look whether time alone has moved a customer, when nothing says it has."""

import re
from collections.abc import Iterable, Iterator

from tests.oracle.deeds import Deed
from tests.oracle.memory import DAY_MS
from tests.oracle.rules import Rules, ms

LOOKS = 8
"""Evenly, for what fades."""


def probes(deeds: Iterable[Deed], rules: Rules, after_ms: int, until_ms: int) -> list[int]:
    """After `after_ms` up to `until_ms`, both as a rule lies between two decisions."""
    found = {at_ms for at_ms in _edges(deeds, rules) if after_ms < at_ms <= until_ms}
    found |= {after_ms + (until_ms - after_ms) * look // LOOKS for look in range(1, LOOKS)}
    found.add(until_ms)
    return sorted(at_ms for at_ms in found if after_ms < at_ms)


def _edges(deeds: Iterable[Deed], rules: Rules) -> Iterator[int]:
    """Where something that a segment reads may end: a time written in it, or 90 days."""
    written = " ".join(segment["when"] for segment in rules.written["segments"].values())
    spans = {ms(text) for text in re.findall(r"\b\d+[smhd]\b", written)}
    for deed in deeds:
        yield (deed.at_ms // DAY_MS + 91) * DAY_MS
        for span in spans:
            yield from (deed.at_ms + span, deed.at_ms + span + 1)
