"""Routing tables: rows of regions and scores, of which the first that fits names a queue."""

from msgspec import Struct

from decisions.actions.kinds import MAX_ROWS, ROW, SCORES
from decisions.document import Node
from decisions.format.part import Part
from decisions.reading import Reader


class Row(Struct, frozen=True):
    """One row; it takes what is in its regions and between its scores."""

    queue: str
    regions: tuple[str, ...] = ()
    """None: any, also where there is no region."""
    low: float | None = None
    high: float | None = None
    """From `low` on, and below `high`; both None: any, also where there is no score."""

    @property
    def takes_all(self) -> bool:
        """Whether it is for any region and score."""
        return not self.regions and self.low is None and self.high is None

    def takes(self, region: str | None, score: float | None) -> bool:
        """Whether it is for these."""
        if self.regions and region not in self.regions:
            return False
        if self.low is None and self.high is None:
            return True
        if score is None or (self.low is not None and score < self.low):
            return False
        return self.high is None or score < self.high


Routes = dict[str, tuple[Row, ...]]
"""Table → its rows, the last of which takes all."""


def queue_of(rows: tuple[Row, ...], region: str | None, score: float | None) -> str:
    """The queue of the first row that takes them; the last takes all."""
    return next(row.queue for row in rows if row.takes(region, score))


def read_routes(reader: Reader, book: Part) -> Routes:
    """The tables of the playbook's section `routes`."""
    return book.entries("routes", lambda _, node, where: _table(reader, node, where))


def _table(reader: Reader, node: Node, where: str) -> tuple[Row, ...]:
    items = reader.items(node, where, 1, MAX_ROWS)
    rows, wrong = [], set()
    for number, (name, item) in enumerate(items):
        known = len(reader.problems)
        rows.append(_row(reader, item, name))
        if len(reader.problems) > known:
            wrong.add(number)
    for number, ((name, item), row) in enumerate(zip(items[:-1], rows, strict=False)):
        # Of a row whose region or score cannot be read it is not known what it takes.
        if row.takes_all and number not in wrong:
            reader.problem(item, name, "a region or a score, since others come after it", "neither")
    if rows and not rows[-1].takes_all:
        name, item = items[-1]
        reader.problem(
            item, name, "a last row for all the rest: only a queue", "one with a region or a score"
        )
    return tuple(rows)


def _row(reader: Reader, node: Node, where: str) -> Row:
    part = Part(reader, node, where, ROW)
    regions, queue = part.texts("region"), part.text("queue")
    at = part.get("score")
    if at is None:
        return Row(queue, regions)
    scores = Part(reader, at, part.where("score"), SCORES)
    low, high = scores.number("from"), scores.number("to")
    if low is not None and high is not None and high <= low:
        reader.problem(at, part.where("score"), "a `to` above its `from`", f"{low:g} to {high:g}")
    return Row(queue, regions, low, high)
