"""One partition of a topic out, as a reader sees it that follows the rule."""

from state.applied import Applied
from tests.faults.laws.verdict import Verdict

ONE_CONTENT = "no id and no place has two contents"
ONCE = "a reader by the `applied` rule sees each record once"


class OutLog:
    """Records in offset order; which of them a reader takes."""

    def __init__(self, kind: str, shard: int, verdict: Verdict) -> None:
        """`kind`: rows, actions or dead_letters."""
        self._kind, self._shard, self._verdict = kind, shard, verdict
        self._highest: Applied | None = None
        self._contents: dict[int | str, int] = {}
        """Place, or id → hash of the record."""
        self.taken: set[str] = set()
        """Ids that a reader has taken."""

    def takes(self, value: bytes, place: Applied, name: str) -> bool:
        """Whether a reader takes the next record; `name` is its id."""
        verdict, content = self._verdict, hash(value)
        for known_as in (place.watermark(), name):
            if self._contents.setdefault(known_as, content) != content:
                verdict.second_contents += 1
                verdict.broke(ONE_CONTENT, f"{self._kind}: {name} at {place}")
        if place.shard != self._shard:
            verdict.broke("a record lies in its shard's partition", f"{self._kind}: {place}")
        if self._highest is not None and place <= self._highest:
            verdict.repeats[self._kind] = verdict.repeats.get(self._kind, 0) + 1
            return False
        self._highest = place
        if name in self.taken:
            verdict.twice += 1
            verdict.broke(ONCE, f"{self._kind}: {name} again at {place}")
        self.taken.add(name)
        return True
