"""How large the profiles of simulated customers grow."""

from pathlib import Path
from statistics import median

import pytest

from connectors.events.dead_letter import Refusal
from connectors.events.decode import decode
from decisions.decide import decide
from decisions.load import load_playbook
from flows.simulate.stream import stream
from state.fold import fold
from state.profile import Profile, encode_profile

RETAIL = load_playbook(Path(__file__).resolve().parents[2] / "playbooks/retail.yaml")
START_MS = 1_770_000_000_000
EVENTS = 1_000
ENOUGH = 15
"""Customers, the busiest of all."""


@pytest.mark.parametrize("rate", [200, 0.05], ids=["within minutes", "within weeks"])
def test_a_customer_of_1000_simulated_events_takes_2_kb_or_less_at_the_median(rate: float) -> None:
    profiles: dict[str, Profile] = {}
    counts: dict[str, int] = {}
    sizes: list[int] = []
    for emission in stream(3, 60, START_MS, rate):
        event = decode(emission.value, emission.channel, emission.due_ms, emission.due_ms)
        if isinstance(event, Refusal) or counts.get(event.customer_id, 0) == EVENTS:
            continue
        profile = profiles.setdefault(event.customer_id, Profile())
        if changed := fold(profile, event, RETAIL.traits):
            decide(profile, event, changed, RETAIL, emission.due_ms)
            counts[event.customer_id] = counts.get(event.customer_id, 0) + 1
            if counts[event.customer_id] == EVENTS:
                sizes.append(len(encode_profile(profile)))
                if len(sizes) == ENOUGH:
                    break
    assert median(sizes) <= 2_048
