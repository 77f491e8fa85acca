"""The tests that stand in playbooks/retail.yaml: they pass, and they would notice."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from decisions.cases.case import Case, Expect
from decisions.cases.run import run
from decisions.language import Scope, compile_condition
from decisions.load import load_playbook
from decisions.offering.catalogue import ELIGIBLE
from decisions.playbook import ONCE, Playbook
from state.touchpoint import Touchpoint

RETAIL = load_playbook(Path(__file__).parents[2] / "playbooks" / "retail.yaml")
FALSE = compile_condition("false", Scope())
TRUE = compile_condition("true", Scope())


def test_there_are_enough_of_them() -> None:
    assert len(RETAIL.cases) >= 20


@pytest.mark.parametrize("case", RETAIL.cases, ids=lambda case: case.name)
def test_each_passes(case: Case) -> None:
    assert run(case, RETAIL).differences == ()


def test_they_go_through_every_channel() -> None:
    steps = [step for case in RETAIL.cases for step in case.steps]
    assert {s.channel for s in steps if isinstance(s, Touchpoint)} == set(RETAIL.channels)
    offers = {place for s in steps if isinstance(s, Expect) for place in s.offers}
    assert offers == set(RETAIL.placements)


def with_segment(name: str, **changes: object) -> Playbook:
    changed = msgspec.structs.replace(RETAIL.segments[name], **changes)
    return replace(
        RETAIL,
        segments=RETAIL.segments | {name: changed},
        order=tuple(changed if segment.id == name else segment for segment in RETAIL.order),
    )


def with_offer(name: str, **changes: object) -> Playbook:
    offer = msgspec.structs.replace(RETAIL.offers[name], **changes)
    return replace(RETAIL, offers=RETAIL.offers | {name: offer})


def with_worth(name: str, score: float, **changes: object) -> Playbook:
    treatments = RETAIL.offers[name].treatments
    worth = tuple(msgspec.structs.replace(one, gain=score, score=score) for one in treatments)
    return with_offer(name, treatments=worth, **changes)


def with_alert(name: str, **changes: object) -> Playbook:
    alert = msgspec.structs.replace(RETAIL.alerts[name], **changes)
    return replace(RETAIL, alerts=RETAIL.alerts | {name: alert})


def changes() -> Iterator[tuple[str, Playbook]]:
    """Each rule never true, and always; and what else can be got wrong in one."""
    for name in RETAIL.segments:
        yield f"segment {name} never", with_segment(name, when=FALSE, reads=ONCE)
        yield f"segment {name} always", with_segment(name, when=TRUE, reads=ONCE)
    for name, offer in RETAIL.offers.items():
        yield f"offer {name} never", with_offer(name, layers=((ELIGIBLE, FALSE),))
        if offer.layers:
            yield f"offer {name} always", with_offer(name, layers=())
        if offer.topics:
            yield f"offer {name} for anybody", with_offer(name, topics=())
        if offer.start_ms:
            yield f"offer {name} starts late", with_offer(name, start_ms=offer.start_ms + 1_000)
            yield f"offer {name} starts early", with_offer(name, start_ms=offer.start_ms - 1_000)
            yield f"offer {name} ends late", with_offer(name, end_ms=offer.end_ms + 1_000)
            yield f"offer {name} ends early", with_offer(name, end_ms=offer.end_ms - 1_000)
    for name, alert in RETAIL.alerts.items():
        yield f"alert {name} never", with_alert(name, when=FALSE)
        if alert.when is not None:
            yield f"alert {name} always", with_alert(name, when=None)
    for name in ("kiosk_failed_twice", "mail_bounces"):
        yield f"alert {name} is not silent", with_alert(name, cooldown_ms=1)
        yield f"alert {name} is silent for ever", with_alert(name, cooldown_ms=1 << 50)
    yield "one key for all kiosks", with_alert("kiosk_failed_twice", key=None)
    for name in ("vip_preview", "apology", "free_delivery"):
        yield f"offer {name} is worth little", with_worth(name, 1.0)
    best = with_worth("bestsellers", 1e9, fallback=False)
    yield "a fallback is an offer like others", best


NUMBER = re.compile(r"(?<= )\d+(\.\d+)?")


def nearby(source: str) -> Iterator[str]:
    """A condition with each number in it a little lower, and a little higher: money and scores by a
    fifth, counts by one. A 1 stays: it tells something from nothing."""
    for found in NUMBER.finditer(source):
        number = float(found[0])
        step = number / 5 if found[1] else 1
        if number == 1:
            continue
        for other in (number - step, number + step):
            text = f"{other:g}" if not found[1] else f"{other:.1f}"
            yield source[: found.start()] + text + source[found.end() :]


def moved_thresholds() -> Iterator[tuple[str, Playbook]]:
    scope = Scope(traits=RETAIL.traits, segments=RETAIL.segments)
    for name, segment in RETAIL.segments.items():
        for source in nearby(segment.when.source):
            yield (
                f"segment {name}: {source}",
                with_segment(name, when=compile_condition(source, scope)),
            )
    for name, alert in RETAIL.alerts.items():
        for source in nearby(alert.when.source if alert.when else ""):
            yield f"alert {name}: {source}", with_alert(name, when=compile_condition(source, scope))


CHANGES = dict(changes()) | dict(moved_thresholds())


@pytest.mark.parametrize("change", CHANGES)
def test_a_rule_that_is_changed_makes_one_fail(change: str) -> None:
    assert any(not run(case, CHANGES[change]).passed for case in RETAIL.cases)
