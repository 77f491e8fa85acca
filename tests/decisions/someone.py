"""A customer for tests: each event goes through the fold, then the playbook is asked."""

from textwrap import dedent
from typing import Any

from decisions.decide import decide
from decisions.load import parse_playbook
from decisions.playbook import Playbook
from state.decision import Action, Decision
from state.fold import fold
from state.profile import Profile
from state.touchpoint import Touchpoint, identity

START_MS = 1_770_000_000_000  # 2026-02-02T02:40:00Z
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

HEAD = """\
channels: [click, email, chat, kiosk]
traits: {city: string, age: int}
placements:
  home: {channels: [click], offers: 1}
  inbox: {channels: [email], offers: 1}
"""


def book(rest: str, head: str = HEAD) -> Playbook:
    """A playbook with `rest` below channels and placements."""
    rest = dedent(rest)
    return parse_playbook(head + rest + ("" if "offers:" in rest else "offers: {}\n"), "test.yaml")


class Someone:
    """One customer, and the clock of the tests."""

    def __init__(self, playbook: Playbook, customer_id: str = "c-1") -> None:
        self.playbook = playbook
        self.customer_id = customer_id
        self.profile = Profile()
        self.now_ms = START_MS
        self.events = 0

    def does(
        self, name: str, properties: dict[str, Any] | None = None, *, after_ms: int = 1_000
    ) -> Decision | None:
        """An event `after_ms` later; what is decided."""
        self.now_ms += after_ms
        self.events += 1
        event = touchpoint(self.customer_id, f"m-{self.events}", name, self.now_ms, properties)
        changed = fold(self.profile, event, self.playbook.traits, purposes=self.playbook.purposes)
        return decide(self.profile, event, changed, self.playbook, self.now_ms)

    def offers(self) -> list[tuple[str, str, str]]:
        """What is held: (offer, channel, placement) by rank."""
        return [(h.offer_id, h.channel, h.placement) for h in self.profile.offers]


def touchpoint(
    customer_id: str,
    message_id: str,
    name: str,
    at_ms: int,
    properties: dict[str, Any] | None = None,
) -> Touchpoint:
    """A track event by click."""
    digest = identity(customer_id, message_id)
    return Touchpoint(
        id=digest.hex(),
        fingerprint=digest[:8],
        message_id=message_id,
        customer_id=customer_id,
        channel="click",
        type="track",
        name=name,
        at_ms=at_ms,
        received_ms=at_ms,
        properties=properties or {},
        traits={},
        raw=b"{}",
    )


def actions(decision: Decision | None, kind: str = "") -> list[Action]:
    """The actions (of a kind); none when nothing was decided."""
    found = decision.actions if decision else []
    return [action for action in found if action.kind.startswith(kind)]


def summary(decision: Decision | None) -> list[tuple[str, Any]]:
    """(kind, subject) of each action."""
    return [
        (a.kind, a.body.get("offer_id") or a.body.get("alert") or a.body.get("segment"))
        for a in actions(decision)
    ]
