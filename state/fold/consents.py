"""What a customer agreed to, purpose by purpose; independent of the order of events."""

from state.bounds import CONSENTS_KEPT
from state.fold.reading import Properties, word
from state.profile import Consent, Profile
from state.sections import CONSENTS


def granted(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Consent Granted, of `properties.purpose`."""
    return _said(profile, properties, at_ms, granted=True)


def withdrawn(profile: Profile, properties: Properties, at_ms: int) -> int:
    """Consent Withdrawn; beats a grant of the same instant."""
    return _said(profile, properties, at_ms, granted=False)


def _said(profile: Profile, properties: Properties, at_ms: int, *, granted: bool) -> int:
    purpose = word(profile, properties.get("purpose"))
    if not purpose:
        return 0
    known = profile.consents.get(purpose)
    if known is None:
        if not _room(profile, granted=granted):
            return 0
    elif at_ms < known.at or (at_ms == known.at and granted):
        return 0
    profile.consents[purpose] = Consent(granted, at_ms)
    return CONSENTS


def _room(profile: Profile, *, granted: bool) -> bool:
    """Whether one more is taken in: where it is full, a grant goes for a withdrawal."""
    consents = profile.consents
    if len(consents) < CONSENTS_KEPT:
        return True
    profile.trimmed += 1
    grants = [purpose for purpose, consent in consents.items() if consent.granted]
    if granted or not grants:
        return False
    del consents[min(grants, key=lambda purpose: (consents[purpose].at, purpose))]
    return True
