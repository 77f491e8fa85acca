"""Contact policy: when a customer is left alone."""

from msgspec import Struct

from decisions.journeys.clocks.local_time import LocalTime, Quiet
from decisions.offering.caps import Cap, Subject, subjects
from decisions.offering.catalogue import Offer
from state.profile import Profile
from state.touchpoint import Touchpoint


class QuietHours(Struct, frozen=True):
    """Hours in which nothing is decided or stands in some channels, where the customer is."""

    channels: frozenset[str]
    hours: Quiet
    local_time: LocalTime

    def over_at(self, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> int:
        """`now_ms` where it is not quiet; else the first instant at which it is not."""
        zone, _ = self.local_time.of(profile, touchpoint, now_ms)
        return self.hours.over_at(zone, now_ms)

    def begins_at(self, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> int:
        """The first instant after `now_ms`, at which it is not quiet, at which it is."""
        zone, _ = self.local_time.of(profile, touchpoint, now_ms)
        return self.hours.begins_at(zone, now_ms)


class Policy(Struct, frozen=True):
    """All that a playbook says of contact."""

    caps: tuple[Cap, ...] = ()
    quiet: QuietHours | None = None
    answers_ms: int = 30 * 24 * 60 * 60 * 1000
    """How long after a decision an answer to it counts."""

    @property
    def reads(self) -> int:
        """What of the profile quiet hours depend on."""
        zone = self.quiet.local_time.zone if self.quiet else None
        return zone.reads if zone else 0

    def counted(self, offer: str, group: str, channel: str) -> tuple[Subject, ...]:
        """What caps count a treatment as."""
        return subjects(self.caps, offer, group, channel)


UNRESTRAINED = Policy()
"""Where a playbook says nothing of contact."""


def rests_until(offer: Offer, profile: Profile) -> int:
    """Until when the customer is not to see an offer, as they dismissed or accepted it; 0 = no
    answer stands in its way."""
    answer = profile.answers.get(offer.id)
    if answer is None:
        return 0
    cooled = answer.dismissed_at + offer.cooldown_ms if answer.dismissed_at else 0
    rested = answer.accepted_at + offer.suppress_ms if answer.accepted_at else 0
    return max(cooled, rested)
