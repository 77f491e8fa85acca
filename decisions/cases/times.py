"""When something in a case happens: `2h`, `100d before`, `+30m`, or a time."""

import re
from typing import Final

from decisions.document import Node, Scalar
from decisions.nodes import show
from decisions.reading import Reader
from decisions.values import UNIT_MS
from state.times import rfc3339

SPAN: Final = re.compile(r"(\+?)(\d{1,5})([smhd])( before)?")
STEP_MS: Final = 1_000
"""Between two events, if nothing is said."""
END_MS: Final = 253_402_300_800_000
"""The first instant of the year 10000."""
ROOM_MS: Final = 1_000 * STEP_MS
"""What events without a time of their own may need before it."""


class CaseClock:
    """How far a case has come while it is read."""

    def __init__(self, reader: Reader, start_ms: int) -> None:
        self._reader = reader
        self._start_ms = start_ms
        self._event_ms: int | None = None
        self._now_ms: int | None = None

    def event(self, node: Node | None, where: str) -> int:
        """When the next event happens; a problem where that is before what stands before it."""
        if node is None:
            return self._start_ms if self._now_ms is None else self._now_ms + STEP_MS
        return self._next(node, where)

    def pass_to(self, at_ms: int, *, event: bool) -> None:
        """It is as late as that now, and `event`: an event happens."""
        self._now_ms = at_ms
        if event:
            self._event_ms = at_ms

    def expectation(self, node: Node, where: str) -> int:
        """When something is expected; a problem where that is before what stands before it."""
        return self._next(node, where)

    def happened(self, node: Node, where: str) -> int | None:
        """When something is said to have happened; a problem where that is still to come."""
        at_ms = self.moment(node, where)
        if at_ms is not None and self._now_ms is not None and at_ms > self._now_ms:
            expected = f"no time after that of what is expected, {rfc3339(self._now_ms)}"
            what = f"{where}, which can never match"
            self._reader.problem(node, what, expected, rfc3339(at_ms))
        return at_ms

    def moment(self, node: Node, where: str) -> int | None:
        """The time at `node`; None and a problem where there is none.

        After +, from the last event on; before the first one, and without +, from the start.
        """
        found = SPAN.fullmatch(node.text) if isinstance(node, Scalar) else None
        if found is None or (found[1] and found[4]):
            at_ms = self._written(node, where)
        else:
            span_ms = int(found[2]) * UNIT_MS[found[3]]
            since = self._event_ms if found[1] and self._event_ms is not None else self._start_ms
            at_ms = since - span_ms if found[4] else since + span_ms
        if at_ms is not None and not 0 <= at_ms < END_MS - ROOM_MS:
            self._reader.problem(node, where, "a time between 1970 and 9999", show(node))
            return None
        return at_ms

    def _next(self, node: Node, where: str) -> int:
        now_ms, at_ms = self._now_ms, self.moment(node, where)
        if at_ms is None:
            return self._start_ms if now_ms is None else now_ms
        if now_ms is not None and at_ms < now_ms:
            before = "event" if now_ms == self._event_ms else "expectation"
            expected = f"no time before that of the {before} before it, {rfc3339(now_ms)}"
            self._reader.problem(node, where, expected, rfc3339(at_ms))
            return now_ms
        return at_ms

    def _written(self, node: Node, where: str) -> int | None:
        if isinstance(node, Scalar) and node.text[:4].isdigit() and node.text[4:5] == "-":
            return self._reader.moment(node, where, end=False)
        expected = "a time such as 2h, +30m, 100d before or 2026-05-10T12:00:00Z"
        self._reader.problem(node, where, expected, show(node))
        return None
