"""Events whose time lies outside the limits: what is corrected, what is refused, and in what words.

Pure: `now_ms` is the plan's, so a replay judges alike. An event from the past is taken as it says,
or not at all; one from the future is corrected where it tells by how much its clock is ahead.
"""

from typing import Final

from connectors.events.dead_letter import Reason, Refusal
from connectors.events.event import Event
from state.limits import Limits
from state.times import milliseconds

UNITS_MS: Final = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000))


def corrected_ms(event: Event, received_ms: int, now_ms: int, limits: Limits) -> int | None:
    """When an event that lies ahead of `limits` happened; None when nothing says it believably.

    With `sentAt`, by the formula of Segment's spec ("Spec: Common Fields", section Timestamps):

        timestamp = receivedAt - (sentAt - originalTimestamp)

    How long the event waited in the device, by the device's own clock, is right however wrong that
    clock is; so it is taken from when the event was received by a clock that is not the device's:
    `receivedAt`, else the record's timestamp (`received_ms`). Without `originalTimestamp` the
    `timestamp` is what the device said. Without `sentAt`, it happened when it was received, if
    `receivedAt` says when.

    Not believed: a time of receipt that is ahead of the limits itself, and an event that was sent
    before it happened by more than a clock may be ahead. Both lie in the words of the event, so an
    hour too many in `sentAt` (another zone, told as UTC) cannot be seen when it makes the event
    older; when it makes it younger, the event stays in the future.
    """
    latest = now_ms + limits.ahead_ms
    known_ms = received_ms if event.received_at is None else milliseconds(event.received_at)
    if known_ms > latest:
        return None
    if event.sent_at is None:
        return None if event.received_at is None else known_ms
    moment = event.original_timestamp or event.timestamp
    assert moment is not None, "an event without a time has been refused before"
    waited_ms = milliseconds(event.sent_at) - milliseconds(moment)
    if waited_ms < -limits.ahead_ms:
        return None
    happened_ms = known_ms - waited_ms
    return happened_ms if happened_ms <= latest else None


def in_future(limits: Limits) -> Refusal:
    """It lies ahead, and could not be corrected."""
    return Refusal(
        Reason.IN_FUTURE,
        f"expected at most {span(limits.ahead_ms)} from now, or a believable `sentAt` or "
        "`receivedAt` to correct it by - at the time",
    )


def too_late(limits: Limits, *, corrected: bool) -> Refusal:
    """It happened too long ago."""
    by = ", as corrected by `sentAt` or `receivedAt`" if corrected else ""
    return Refusal(
        Reason.TOO_LATE, f"expected at most {span(limits.late_ms)} ago - at the time{by}"
    )


def span(ms: int) -> str:
    """A duration in the largest unit it is whole in: "30 days", "90 seconds"."""
    unit, length = next((one for one in UNITS_MS if ms % one[1] == 0), UNITS_MS[-1])
    count = ms // length
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
