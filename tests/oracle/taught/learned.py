"""What was learned of each arm, counted again from what was published and nothing else.

A decision comes to one outcome: taken, when it was accepted; else refused, when it was dismissed,
when nothing had been said for so long after it was shown, or when it made room for newer decisions.
A yes takes the place of a no. All of it counts as of the time of the decision, and half of it after
each half-life.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

MINUTE = 60_000
WITHIN = 5 * MINUTE
HALF_LIFE = 60 * MINUTE
REMEMBERED = 12
"""Decisions of a customer to which answers are known."""

Arm = tuple[str, str, str]
"""(offer, channel, bucket)"""


class Heard(NamedTuple):
    """What is known of a decision."""

    arm: Arm | None
    """None: not learned from."""
    at: int
    answers: Mapping[str, int]
    """Kind → when it was first given."""
    forgotten: int
    """When it made room for newer ones; 0 = it is remembered."""

    def outcome(self, now: int) -> bool | None:
        """Whether it was taken; None: nobody knows yet."""
        if "accepted" in self.answers:
            return True
        shown = self.answers.get("shown", 1 << 62)
        silent = now >= shown + WITHIN
        forgotten = shown <= self.forgotten <= now
        return False if "dismissed" in self.answers or silent or forgotten else None


class Learned:
    """Of one customer: fed with what was published of them, in order."""

    def __init__(self) -> None:
        self._heard: dict[str, Heard] = {}

    def take(self, at: int, kind: str, body: Mapping[str, Any]) -> None:
        """The next action."""
        name = body.get("decision_id", "")
        if kind == "offer.decided":
            learned = body["learned"]
            arm = (body["offer_id"], body["channel"], learned["bucket"]) if learned else None
            self._heard[name] = Heard(arm, at, {}, 0)
        elif kind == "offer.answered":
            heard = self._heard[name]
            answers = {**heard.answers}
            answers.setdefault(body["answer"], at)
            self._heard[name] = heard._replace(answers=answers)

    def is_late(self, kind: str, body: Mapping[str, Any]) -> bool:
        """Whether the action that was just taken is a yes after a no."""
        if kind != "offer.answered" or body["answer"] != "accepted":
            return False
        heard = self._heard[body["decision_id"]]
        before = {kind: at for kind, at in heard.answers.items() if kind != "accepted"}
        return heard._replace(answers=before).outcome(heard.answers["accepted"]) is False

    def serve(self, at: int, standing: Iterable[str]) -> None:
        """What stands from now on. Of too many the oldest that does not is forgotten."""
        kept = [name for name, heard in self._heard.items() if not heard.forgotten]
        gone = [name for name in kept if name not in {*standing}]
        for name in gone[: max(len(kept) - REMEMBERED, 0)]:
            self._heard[name] = self._heard[name]._replace(forgotten=at)

    def count(self, now: int) -> dict[Arm, tuple[float, float]]:
        """Arm → tries and taken by now."""
        found: defaultdict[Arm, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for heard in self._heard.values():
            taken = heard.outcome(now)
            if heard.arm is not None and taken is not None:
                left = 0.5 ** ((now - heard.at) / HALF_LIFE)
                found[heard.arm][0] += left
                found[heard.arm][1] += left * taken
        return {arm: (tries, taken) for arm, (tries, taken) in found.items()}
