"""The section `limits` of a playbook, as the documentation has it: when an event happened, and
whether it is a repeat."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.oracle.deeds import ms_of

MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Accepted(NamedTuple):
    """An event of a customer that was taken."""

    message_id: str
    received_ms: int


class Limits:
    """Of one playbook. `written` is the file as a YAML reader has it."""

    def __init__(self, written: Mapping[str, Any]) -> None:
        section = written.get("limits", {})
        again = section.get("duplicates", {})
        self.ids: int = again.get("ids", 64)
        self.within_s = _ms(again.get("within", "24h")) // 1_000
        self.ahead_ms = _ms(section.get("ahead", "5m"))

    def repeated(self, message_id: str, received_ms: int, before: Sequence[Accepted]) -> bool:
        """Whether it came already, `before` being all of the customer's in their order."""
        since_s = received_ms // 1_000 - self.within_s
        last = {
            one.message_id for one in before[-self.ids :] if one.received_ms // 1_000 >= since_s
        }
        return message_id in last

    def happened(self, told: Mapping[str, Any], logged_ms: int, now_ms: int) -> int:
        """When an event happened that was taken at `now_ms`."""
        said = ms_of(told.get("timestamp") or told["originalTimestamp"])
        if said <= now_ms + self.ahead_ms:
            return said
        received = told.get("receivedAt")
        at_ms = ms_of(received) if received else logged_ms
        if told.get("sentAt"):
            device = ms_of(told.get("originalTimestamp") or told["timestamp"])
            at_ms -= ms_of(told["sentAt"]) - device
        return at_ms


def _ms(duration: str) -> int:
    return int(duration[:-1]) * MS[duration[-1]]
