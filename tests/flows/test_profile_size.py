"""How large the profiles of simulated customers grow."""

from pathlib import Path
from statistics import median

import pytest

from connectors.events.dead_letter import Refusal
from connectors.events.decode import decode
from decisions.decide import decide
from decisions.load import load_playbook
from decisions.playbook import Playbook
from decisions.wake import wake
from flows.simulate.stream import stream
from state.fold import fold
from state.profile import Profile, encode_profile

ROOT = Path(__file__).resolve().parents[2]
RETAIL = load_playbook(ROOT / "playbooks/retail.yaml")
SHOP = load_playbook(ROOT / "tests/oracle/shop.yaml")
"""The same without journeys and without alerts that wait or count."""
START_MS = 1_770_000_000_000
EVENTS = 1_000
ENOUGH = 15
"""Customers, the busiest of all."""


@pytest.mark.parametrize("rate", [200, 0.05], ids=["within minutes", "within weeks"])
@pytest.mark.parametrize(
    ("playbook", "most"), [(SHOP, 3_072), (RETAIL, 5_120)], ids=["offers", "journeys as well"]
)
def test_a_customer_of_1000_simulated_events_takes_3_kb_at_the_median_and_5_with_journeys(
    playbook: Playbook, most: int, rate: float
) -> None:
    profiles: dict[str, Profile] = {}
    counts: dict[str, int] = {}
    sizes: list[int] = []
    for emission in stream(3, 60, START_MS, rate):
        event = decode(emission.value, emission.channel, emission.due_ms, emission.due_ms)
        if isinstance(event, Refusal) or counts.get(event.customer_id, 0) == EVENTS:
            continue
        profile = profiles.setdefault(event.customer_id, Profile())
        wake(profile, event.customer_id, playbook, emission.due_ms)
        if changed := fold(profile, event, playbook.traits):
            decide(profile, event, changed, playbook, emission.due_ms)
            counts[event.customer_id] = counts.get(event.customer_id, 0) + 1
            if counts[event.customer_id] == EVENTS:
                sizes.append(len(encode_profile(profile)))
                if len(sizes) == ENOUGH:
                    break
    assert median(sizes) <= most
