"""What a customer does and what is published of it, by hand: for violations on purpose."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from msgspec import structs

from connectors.published.record_types import ActionRecord
from state.applied import Applied
from state.times import rfc3339
from tests.oracle.contact.checker import Checker, Told
from tests.oracle.contact.findings import Findings
from tests.oracle.contact.hours import EPOCH
from tests.oracle.contact.stock import Word
from tests.oracle.contact.terms import terms_of

WRITTEN: dict[str, Any] = {
    "purposes": {"service": "granted", "profiling": "withdrawn"},
    "groups": {"sale": {"purpose": "service", "cooldown": "10s"}},
    "offers": {
        "shoes": {"group": "sale", "suppress": "30s"},
        "coats": {"group": "sale", "cooldown": "5s"},
        "for_you": {"purpose": "profiling"},
        "news": {"purpose": "service", "fallback": True},
    },
    "contact": {
        "caps": {
            "two": {"most": 2, "within": "10s", "offers": ["shoes", "coats"]},
            "mails": {"most": 1, "within": "4s", "per": "offer", "channels": "email"},
            "shown": {"most": 1, "within": "20s", "of": "shown", "per": "group"},
        },
        "quiet": {
            "from": "22:00",
            "to": "07:00",
            "channels": ["email"],
            "otherwise": "Etc/UTC",
            "zone": "customer.zone",
        },
        "exclusive": {"either": ["shoes", "coats"]},
        "answers": "1h",
    },
}
NOON_MS = 1_770_033_600_000
"""2026-02-02T12:00:00Z."""


class Log:
    """What one customer does after the other, and what is published of it, second by second after
    noon."""

    def __init__(
        self,
        written: Mapping[str, Any] = WRITTEN,
        words: Mapping[str, Sequence[Word]] = MappingProxyType({}),
    ) -> None:
        self.checker = Checker(terms_of(written), words)
        self.customer, self.shard = "c-1", 0
        self.number = 0
        self.message = ""

    def does(
        self, at_s: float, name: str = "Page Viewed", *, told_s: float = 0, **said: Any
    ) -> None:
        """An event that happened `told_s` before it came."""
        self.number += 1
        self.message = f"m-{self.number}"
        at_ms = NOON_MS + int(at_s * 1000)
        happened_ms = at_ms - int(told_s * 1000)
        self.checker.event(Told(self.customer, self.message, name, happened_ms, at_ms, said))

    def decided(
        self, at_s: float, offer: str, channel: str = "click", *, ttl_s: float = 60, **said: Any
    ) -> ActionRecord:
        """A decision because of the last event; what was published. `said`: what its record says
        beside that."""
        at_ms = NOON_MS + int(at_s * 1000)
        self.number += 1
        identity = f"{self.number:032x}"
        expires_at = rfc3339(at_ms + int(ttl_s * 1000))
        body = {"offer_id": offer, "decision_id": identity, "channel": channel, **said}
        return self.says("offer.decided", at_ms, identity, {**body, "expires_at": expires_at})

    def answered(self, at_s: float, to: ActionRecord, kind: str) -> ActionRecord:
        """An answer that counts because of the last event."""
        self.number += 1
        at_ms, identity = NOON_MS + int(at_s * 1000), f"{self.number:032x}"
        body = {key: to.body[key] for key in ("offer_id", "decision_id", "channel")}
        return self.says("offer.answered", at_ms, identity, {**body, "answer": kind})

    def says(self, kind: str, at_ms: int, identity: str, body: dict[str, Any]) -> ActionRecord:
        """A record."""
        at = EPOCH + timedelta(milliseconds=at_ms)
        place = Applied(self.shard, 1, self.number, 0)
        record = ActionRecord(identity, kind, self.customer, self.message, at, "p", place, body)
        self.takes(record)
        return record

    def takes(self, record: ActionRecord) -> None:
        """The checker reads it."""
        self.checker.action(record, content(record))

    def answers(self, at_s: float, to: ActionRecord, kind: str) -> None:
        """The customer answers, and it counts."""
        self.does(at_s, f"Offer {kind.title()}", decision_id=to.id)
        self.answered(at_s, to, kind)

    def found(self) -> list[str]:
        """What was broken."""
        return broken(self.checker.end())


def content(record: ActionRecord) -> bytes:
    return json.dumps(structs.asdict(record), default=str).encode()


def broken(findings: Findings) -> list[str]:
    """Caps and laws, each as often as it was broken."""
    named = zip((*findings.caps, *findings.laws), findings.all, strict=True)
    return [name for name, one in named for _ in range(one.violations)]
