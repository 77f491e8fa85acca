"""What a profile keeps for caps: of each subject its last times.

No more of them, and for no longer, than any cap needed that has counted it since the oldest of
them: so one that is changed and changed back, or whose offer is away for a while, is exact. The
bound on all of them together never lets a cap be exceeded: where it is reached, nothing more is
decided that one counts.
"""

from collections.abc import Iterable

from decisions.offering.caps import Subject
from decisions.offering.memory import MOST_AT_ONCE, TIMES_FOR_DECISIONS, TIMES_KEPT
from state.profile import Contact, Profile
from state.times import earliest


def note(profile: Profile, those: Iterable[Subject], of: str, now_ms: int) -> None:
    """Takes in that `of` happened at `now_ms`."""
    contacts = profile.contacts
    counted = [subject for subject in those if subject.of == of]
    if not counted:
        return
    forget(profile, now_ms)
    for subject in counted:
        known = contacts.get(subject.key)
        if known is None:
            if _kept(profile) >= TIMES_KEPT:
                profile.trimmed += 1
                continue
            known = contacts[subject.key] = Contact()
        known.most = max(known.most, subject.most)
        known.within_ms = max(known.within_ms, subject.within_ms)
        if _kept(profile) >= TIMES_KEPT:
            profile.trimmed += 1
            del known.times[:1]
        known.times.append(now_ms)
        del known.times[: -known.most]


def forget(profile: Profile, now_ms: int) -> None:
    """Drops the times that no cap looks back to any more."""
    for key, known in list(profile.contacts.items()):
        times = known.times
        if times[0] + known.within_ms <= now_ms:
            known.times = [at_ms for at_ms in times if now_ms < at_ms + known.within_ms]
            if not known.times:
                del profile.contacts[key]


def room(profile: Profile, now_ms: int) -> tuple[int, int]:
    """How many more times decisions may add, and the first instant at which it may be more."""
    left = TIMES_FOR_DECISIONS - _kept(profile)
    if left >= MOST_AT_ONCE:
        return left, 0
    left, again_ms = TIMES_FOR_DECISIONS, 0
    for known in profile.contacts.values():
        needed = [at_ms for at_ms in known.times if now_ms < at_ms + known.within_ms]
        left -= len(needed)
        if needed:
            again_ms = earliest(again_ms, needed[0] + known.within_ms)
    return left, again_ms


def _kept(profile: Profile) -> int:
    return sum([len(known.times) for known in profile.contacts.values()])
