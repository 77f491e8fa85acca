"""What a customer agreed to, purpose by purpose; independent of the order of events, but for what
finds no room.
"""

from collections.abc import Collection
from typing import Final

from state.bounds import CONSENTS_KEPT
from state.fold.reading import Properties, word
from state.profile import Consent, Profile
from state.sections import CONSENTS

SAYS: Final = {"Consent Granted": True, "Consent Withdrawn": False}
"""Event → whether the customer agrees to `properties.purpose`."""


def said(
    profile: Profile, name: str, properties: Properties, at_ms: int, declared: Collection[str]
) -> int:
    """Takes in one of SAYS: the newer word holds, and a withdrawal beats a grant of the same
    instant. A purpose that is `declared` always finds room."""
    purpose = word(profile, properties.get("purpose"))
    if not purpose:
        return 0
    granted, known = SAYS[name], profile.consents.get(purpose)
    if known is None:
        if not _room(profile, purpose, declared):
            return 0
    elif at_ms < known.at or (at_ms == known.at and granted):
        return 0
    profile.consents[purpose] = Consent(granted, at_ms)
    return CONSENTS


def _room(profile: Profile, purpose: str, declared: Collection[str]) -> bool:
    consents = profile.consents
    if len(consents) < CONSENTS_KEPT:
        return True
    profile.trimmed += 1
    others = [one for one in consents if one not in declared]
    if purpose not in declared or not others:
        return False
    del consents[min(others, key=lambda one: (consents[one].at, one))]
    return True
