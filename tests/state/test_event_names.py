"""The numbers that stand for event names in stored profiles."""

import hashlib

from state.event_names import USUAL, event_key, event_name

PINNED = 54
PINNED_DIGEST = "85580f28cf55779868b1c056507962fb19fae953dc6d4e998101b595517643d5"


def test_a_name_keeps_its_number_for_ever() -> None:
    """Whoever appends a name leaves these as they are, and may raise PINNED with its digest."""
    text = "\n".join(USUAL[:PINNED])
    assert hashlib.sha256(text.encode()).hexdigest() == PINNED_DIGEST
    assert len(USUAL) >= PINNED


def test_every_name_has_one_key_and_every_key_one_name() -> None:
    assert len(set(USUAL)) == len(USUAL)
    assert all(event_name(event_key(name)) == name for name in (*USUAL, "Their Own", "7"))
    assert event_key("Their Own") == "Their Own"
    assert event_key(USUAL[3]) == 3
