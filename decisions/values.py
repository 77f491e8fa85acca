"""Typed reading of a document's values: a wrong one is noted with its place, none is raised.

Where a value is wrong, a reader's methods return None or what could be read; the caller goes on,
so that one run names every problem of a file.
"""

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from decisions.document import Mapping, Node, Problem, Scalar, Sequence
from decisions.format.keys import FEATURE, HEADER, ID, TRAIT
from decisions.language.errors import nearest
from decisions.nodes import WORDS, is_empty, members_of, quote, show
from state.times import milliseconds

NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")
DURATION = re.compile(r"(\d{1,5})([smhd])")
SHARE = re.compile(r"([1-9]\d?|100)%")
WRITTEN = {
    ID: "a-z, 0-9 and _, a letter first, at most 32 characters",
    TRAIT: "letters, 0-9 and _, a letter first, at most 32 characters",
    FEATURE: "a-z, 0-9 and _, a letter first, at most 12 characters, and none of YAML's own words "
    "or `none`",
    HEADER: "letters, 0-9 and -, a letter first, at most 64 characters",
}
"""Pattern of ids → how they are written."""
UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})")


class ValueReader:
    """Reads what is no expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.problems: list[Problem] = []

    def problem(
        self, node: Node, what: str, expected: str, got: str, nearest: str | None = None
    ) -> None:
        """Notes a problem at `node`."""
        self.note(node.line, node.column, what, expected, got, nearest)

    def note(
        self, line: int, column: int, what: str, expected: str, got: str, nearest: str | None
    ) -> None:
        """Notes a problem at a place."""
        text = f"{what}; expected {expected}, got {got}"
        if nearest:
            text += f'; did you mean "{nearest}"?'
        self.problems.append(Problem(line, column, text))

    def fields(
        self, node: Node, where: str, known: Collection[str], required: Iterable[str] = ()
    ) -> dict[str, Node]:
        """The entries of a mapping with a fixed set of keys; unknown ones are left out."""
        found: dict[str, Node] = {}
        for key, value in self._entries(node, where, "key"):
            if key.text not in known:
                self.problem(
                    key,
                    f"unknown key in {where}",
                    f"one of {', '.join(known)}",
                    quote(key.text),
                    nearest(key.text, known),
                )
            else:
                found[key.text] = value
        for name in required:
            if name not in found and isinstance(node, Mapping):
                self.problem(node, f"missing key in {where}", name, "nothing")
        return found

    def named(
        self, node: Node | None, where: str, most: int, pattern: str = ID
    ) -> list[tuple[str, Scalar, Node]]:
        """The entries of a mapping whose keys are ids of the writer's choice: (id, key, value)."""
        if node is None:
            return []
        found = []
        for key, value in self._entries(node, where, "id"):
            if not re.fullmatch(pattern, key.text):
                expected = WRITTEN.get(pattern, WRITTEN[TRAIT])
                if pattern == ID and key.text in WORDS:
                    expected = f"another id than YAML's own words {', '.join(WORDS)}"
                self.problem(key, f"an id in {where}", expected, quote(key.text))
            found.append((key.text, key, value))
        if len(found) > most:
            self.problem(node, where, f"at most {most} entries", str(len(found)))
        return found

    def values(self, node: Node | None, where: str, most: int) -> list[tuple[str, Scalar, Node]]:
        """The entries of a mapping whose keys are any words: (word, key, value)."""
        if node is None:
            return []
        found = [(key.text, key, value) for key, value in self._entries(node, where, "name")]
        if len(found) > most:
            self.problem(node, where, f"at most {most} entries", str(len(found)))
        return found

    def _entries(self, node: Node, where: str, word: str) -> list[tuple[Scalar, Node]]:
        if not isinstance(node, Mapping):
            self.problem(node, where, f"{word}: value lines", show(node))
            return []
        first: dict[str, Scalar] = {}
        kept = []
        for key, value in node.entries:
            if key.text in first:
                expected = f"each {word} once (line {first[key.text].line} has it)"
                self.problem(key, f"duplicate {word} in {where}", expected, quote(key.text))
            else:
                first[key.text] = key
                kept.append((key, value))
        return kept

    def text_of(self, node: Node | None, where: str, most: int = 500) -> str:
        """A text of 1 to `most` characters; "" where there is none."""
        if node is None:
            return ""
        if not isinstance(node, Scalar) or is_empty(node) or not node.text.strip():
            self.problem(node, where, "a text", show(node))
            return ""
        if len(node.text) > most:
            self.problem(node, where, f"at most {most} characters", str(len(node.text)))
        return node.text.strip()

    def choice(self, node: Node | None, where: str, choices: Collection[str]) -> str:
        """One of `choices`; "" where there is none."""
        if node is None:
            return ""
        if not isinstance(node, Scalar) or node.text not in choices:
            written = node.text if isinstance(node, Scalar) else ""
            expected = f"one of {', '.join(choices)}" if choices else "none, as none is declared"
            self.problem(node, where, expected, show(node), nearest(written, choices))
            return ""
        return node.text

    def several(
        self, node: Node | None, where: str, choices: Collection[str], *, least: int = 1
    ) -> tuple[str, ...]:
        """A list of different members of `choices`; one member need not be in a list."""
        if node is None:
            return ()
        members = members_of(node)
        if len(members) < least:
            words = ("at least one", "none") if least == 1 else (f"at least {least}", "fewer")
            self.problem(node, where, *words)
        found: list[str] = []
        for member in members:
            name = self.choice(member, where, choices)
            if name in found:
                self.problem(member, where, "each once", quote(name))
            elif name:
                found.append(name)
        return tuple(found)

    def new_id(self, node: Node | None, where: str, pattern: str) -> str:
        """An id of the writer's choice; "" where there is none."""
        if node is None:
            return ""
        if not isinstance(node, Scalar) or not re.fullmatch(pattern, node.text):
            self.problem(node, where, WRITTEN[pattern], show(node))
            return ""
        return node.text

    def new_ids(
        self, node: Node | None, where: str, most: int, word: str, example: str
    ) -> tuple[str, ...]:
        """A list of different ids, at least one."""
        if node is None:
            return ()
        if not isinstance(node, Sequence) or not node.items:
            self.problem(node, where, f"a list such as {example}", show(node))
            return ()
        names = self.texts(node, where, most)
        for item, name in zip(node.items, names, strict=False):
            if not isinstance(item, Scalar) or not re.fullmatch(ID, item.text):
                self.problem(item, word, "a-z, 0-9 and _, a letter first", quote(name))
        return names

    def items(self, node: Node | None, where: str, least: int, most: int) -> list[tuple[str, Node]]:
        """What errors call each item of a list (from 1 on), and the item."""
        if node is None:
            return []
        if not isinstance(node, Sequence):
            self.problem(node, where, "a list", show(node))
            return []
        if not least <= len(node.items) <= most:
            self.problem(node, where, f"{least} to {most} entries", str(len(node.items)))
        return [(f"{where}[{number}]", item) for number, item in enumerate(node.items, 1)]

    def texts(self, node: Node | None, where: str, most: int = 20) -> tuple[str, ...]:
        """A list of different texts; one text need not be in a list."""
        if node is None:
            return ()
        members = members_of(node)
        if not 1 <= len(members) <= most:
            self.problem(node, where, f"1 to {most} entries", str(len(members)))
        found = [self.text_of(member, where, 128) for member in members]
        for number, (member, text) in enumerate(zip(members, found, strict=True)):
            if text and text in found[:number]:
                self.problem(member, where, "each once", quote(text))
        return tuple(text for text in found if text)

    def number(self, node: Node | None, where: str, low: float, high: float) -> float | None:
        """A number from `low` to `high`."""
        if node is None:
            return None
        if isinstance(node, Scalar) and not node.quoted and NUMBER.fullmatch(node.text):
            value = float(node.text)
            if low <= value <= high:
                return value
        self.problem(node, where, f"a number from {low:.15g} to {high:.15g}", show(node))
        return None

    def whole(self, node: Node | None, where: str, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`."""
        if node is None:
            return None
        if isinstance(node, Scalar) and not node.quoted and re.fullmatch(r"\d{1,9}", node.text):
            value = int(node.text)
            if low <= value <= high:
                return value
        self.problem(node, where, f"a whole number from {low} to {high}", show(node))
        return None

    def share(self, node: Node | None, where: str) -> int | None:
        """Percent, from 1 to 100."""
        if node is None:
            return None
        found = SHARE.fullmatch(node.text) if isinstance(node, Scalar) else None
        if found is None:
            self.problem(node, where, "a share from 1% to 100%", show(node))
            return None
        return int(found[1])

    def plain(self, node: Node | None, where: str) -> Scalar | None:
        """A text, a number, true or false, as it is written."""
        if node is None:
            return None
        if not isinstance(node, Scalar) or is_empty(node):
            self.problem(node, where, "a text, a number, true or false", show(node))
            return None
        return node

    def flag(self, node: Node | None, where: str) -> bool:
        """`true` or `false`; False where there is none."""
        if node is None:
            return False
        if not isinstance(node, Scalar) or node.quoted or node.text not in ("true", "false"):
            self.problem(node, where, "true or false", show(node))
            return False
        return node.text == "true"

    def duration(
        self, node: Node | None, where: str, least: str = "", most: str = ""
    ) -> int | None:
        """Milliseconds of a duration such as 90s, 30m, 12h or 7d, above zero; from `least` to
        `most`, where they are not empty."""
        if node is None:
            return None
        written = isinstance(node, Scalar) and DURATION.fullmatch(node.text)
        ms = duration_ms(node.text) if isinstance(node, Scalar) else 0
        if not written or (not ms and not least):
            above = " (not 0)" if written else ""
            self.problem(node, where, f"a duration such as 90s, 30m, 12h or 7d{above}", show(node))
            return None
        if (least and ms < duration_ms(least)) or (most and ms > duration_ms(most)):
            bounds = f"from {least} to {most}" if least else f"of at most {most}"
            self.problem(node, where, f"a duration {bounds}", show(node))
            return None
        return ms

    def time_of_day(self, node: Node | None, where: str) -> int | None:
        """Milliseconds since midnight of a time such as 09:00."""
        if node is None:
            return None
        found = TIME_OF_DAY.fullmatch(node.text) if isinstance(node, Scalar) else None
        if found is None:
            self.problem(node, where, 'a time of day such as "09:00" or "21:30"', show(node))
            return None
        return int(found[1]) * UNIT_MS["h"] + int(found[2]) * UNIT_MS["m"]

    def moment(self, node: Node | None, where: str, *, end: bool) -> int | None:
        """Milliseconds since the epoch of a date or an RFC 3339 time.

        A date is a whole day in UTC: its first instant, or with `end` the first one after it.
        """
        if node is None:
            return None
        written = node.text if isinstance(node, Scalar) else ""
        try:
            if DAY.fullmatch(written):
                moment = datetime.fromisoformat(written).replace(tzinfo=UTC)
                moment += timedelta(days=1) if end else timedelta()
                return milliseconds(moment)
            if MOMENT.fullmatch(written):
                moment = datetime.fromisoformat(written.upper())
                return milliseconds(moment)
        except (ValueError, OverflowError):
            pass  # the shape of a date, but no such day
        expected = "a date such as 2026-11-27 or a time such as 2026-11-27T08:00:00Z"
        self.problem(node, where, expected, show(node))
        return None


def duration_ms(text: str) -> int:
    """Milliseconds of a duration such as 90s, 30m, 12h or 7d; 0 of anything else."""
    found = DURATION.fullmatch(text)
    return int(found[1]) * UNIT_MS[found[2]] if found else 0
