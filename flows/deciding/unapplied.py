"""What this process has decided lately and may not be in the profiles yet. Pure.

A decision reaches its customer's profile some milliseconds after it was answered. Until then the
next question about the customer would not know of it, and a cap with room for one would let two
through. Another process's decisions are not known here.
"""

from collections import deque
from typing import Final

from decisions.offering.ask import take_decided
from decisions.playbook import Playbook
from state.decided import Decided
from state.profile import Profile

KEPT_MS: Final = 30_000
"""So long a decision is counted here that does not come to be applied."""
MOST: Final = 50_000
"""Of all customers together; the oldest go first."""


class Unapplied:
    """Belongs to one thread."""

    def __init__(self, kept_ms: int = KEPT_MS, most: int = MOST) -> None:
        self._kept_ms = kept_ms
        self._most = most
        self._of: dict[str, list[Decided]] = {}
        """Customer → theirs, oldest first."""
        self._all: deque[tuple[int, Decided]] = deque()
        """(when it was remembered, ms), oldest first; forgotten ones, too."""

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def remember(self, decided: Decided, now_ms: int) -> None:
        """It is answered, and on its way."""
        self._of.setdefault(decided.customer_id, []).append(decided)
        self._all.append((now_ms, decided))
        while self._all and (
            len(self._all) > self._most or self._all[0][0] + self._kept_ms <= now_ms
        ):
            self.forget(self._all.popleft()[1])

    def forget(self, decided: Decided) -> None:
        """It is applied, or is no more to be."""
        mine = self._of.get(decided.customer_id, [])
        if decided in mine:
            mine.remove(decided)
        if not mine:
            self._of.pop(decided.customer_id, None)

    def apply(self, profile: Profile, customer_id: str, playbook: Playbook, now_ms: int) -> None:
        """Count into `profile`, a copy of the customer's, what it does not know yet."""
        for decided in list(self._of.get(customer_id, ())):
            if take_decided(profile, decided, playbook, now_ms) is None:
                self.forget(decided)
