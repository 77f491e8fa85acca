"""What is sold out is neither decided nor served: said of the logs and the serving keys alone.

A replay that forgot a product would agree with a flow that forgot it; this one asks nobody.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final

import msgspec

from state.decided import ASKED
from state.fence import Plan
from tests.faults.laws.verdict import Verdict

NOT_DECIDED: Final = "once a shard was told that a product is sold out it decides no offer of it"
NOT_SERVED: Final = "no serving key shows what is sold out"


class SoldOut:
    """Of one shard, fed with its partition of touchpoints.broadcast and then with its actions."""

    def __init__(self) -> None:
        self._told: dict[str, list[tuple[int, bool]]] = {}
        """Product → (offset, whether there are some), of what was news."""
        self._last: dict[str, tuple[str, int]] = {}
        self._decided: list[tuple[int, str, list[str]]] = []
        """(commit, decision, products)."""

    def told(self, offset: int, value: bytes) -> None:
        """The next record of the topic."""
        try:
            record = msgspec.json.decode(value)
            if record["kind"] != "product.changed":
                return
            name, source, number = record["id"], record["source"], record["number"]
        except (msgspec.DecodeError, LookupError, TypeError):
            return  # none of ours, and a dead letter
        known = self._last.get(name, ("", 0))
        if known[0] != source or known[1] < number:
            self._last[name] = source, number
            there = record["product"] is not None and record["product"].get("stock") != 0
            self._told.setdefault(name, []).append((offset, there))

    def action(self, action: Any) -> None:
        """An action that a reader takes. Who asks was answered by what was known then."""
        if action.kind == "offer.decided" and not action.caused_by.startswith(ASKED):
            products = action.body.get("products") or []
            self._decided.append((action.applied.commit, action.id, products))

    def judge(self, taken_in: Callable[[int], Plan | None], where: str, verdict: Verdict) -> None:
        """What must hold of the log. `taken_in`: offset → the plan that takes the record."""
        stages = {
            name: [(plan.commit, there) for offset, there in told if (plan := taken_in(offset))]
            for name, told in self._told.items()
        }
        for commit, name, products in self._decided:
            for product in products:
                known = _known_in(commit, stages.get(product, ()))
                verdict.expect(any(known), NOT_DECIDED, f"{where}: {name} of {product}")

    def served(self, end: int, customer: str, document: bytes, verdict: Verdict) -> None:
        """A serving key as it stands, once all records below offset `end` are taken."""
        for offer in msgspec.json.decode(document)["offers"]:
            for product in offer.get("products") or ():
                known = [there for offset, there in self._told.get(product, ()) if offset < end]
                there = bool(known and known[-1])
                verdict.expect(there, NOT_SERVED, f"customer {customer}: {product}")


def _known_in(commit: int, stages: Sequence[tuple[int, bool]]) -> list[bool]:
    """What a shard knew of a product in a commit: what it was told before, and within."""
    first = bisect_left(stages, commit, key=itemgetter(0))
    end = bisect_right(stages, commit, key=itemgetter(0))
    return [there for _, there in stages[max(first - 1, 0) : end]]
