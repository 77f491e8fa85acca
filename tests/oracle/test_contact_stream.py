"""A pure stream of 30,000 events under a policy that binds all the time, and what the checker of
contact says of it; then the same with one part of the policy taken away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from decisions.learning.draws import explores
from decisions.load import load_playbook
from decisions.offering import answers, caps, choose, contacts, serve
from decisions.offering.catalogue import Treatment
from decisions.playbook import Playbook
from state.profile import Profile
from tests.faults.caps.playbooks import PLAYBOOK, lawless, made, write
from tests.oracle.contact.checker import Checker
from tests.oracle.contact.findings import (
    CONSENT,
    COOLDOWN,
    COUNTED,
    EXCLUSIVE,
    LAWS,
    QUIET,
    SUPPRESSED,
    Findings,
)
from tests.oracle.contact.stream import steps
from tests.oracle.contact.terms import read

OTHER_POLICIES = ("greedy", "upper-bound", "linear")
"""PLAYBOOK learns by thompson."""
START_MS = 1_770_015_300_000
"""2026-02-02T06:55:00Z: for some it has just ceased to be quiet five minutes later, and for some it
has begun."""
SEED = 11
CUSTOMERS = 60
EVERY_MS = 20.0


def checked(events: int, decides: Path = PLAYBOOK) -> Findings:
    """What the checker says of so many events, by the policy of PLAYBOOK, whatever decides."""
    checker = Checker(read(PLAYBOOK))
    playbook = load_playbook(decides)
    for step in steps(playbook, SEED, START_MS, events, CUSTOMERS, EVERY_MS):
        checker.event(step.told)
        for record, content in step.actions:
            checker.action(record, content)
    return checker.end()


def test_no_cap_is_exceeded_and_no_law_broken_though_every_one_of_them_binds() -> None:
    findings = checked(30_000)
    assert findings.places == {}
    assert findings.violations == 0
    assert findings.slack == []
    assert all(cap.filled >= 50 for cap in findings.caps.values())
    assert all(law.asked >= 300 for law in findings.laws.values())
    assert findings.customers == CUSTOMERS
    assert findings.decisions >= 10_000
    assert findings.answers.keys() == {"shown", "clicked", "accepted", "dismissed"}


@pytest.mark.parametrize("policy", OTHER_POLICIES)
def test_no_cap_is_exceeded_by_whichever_policy_of_learning(policy: str, tmp_path: Path) -> None:
    findings = checked(5_000, write(made(policy), tmp_path / "learning.yaml"))
    assert findings.places == {}
    assert findings.slack == []
    assert all(law.asked >= 50 for law in findings.laws.values())


def test_without_a_contact_policy_the_checker_sees_that_every_cap_is_exceeded(
    tmp_path: Path,
) -> None:
    findings = checked(4_000, write(lawless(made("thompson")), tmp_path / "lawless.yaml"))
    assert [cap.name for cap in findings.caps.values() if not cap.violations] == []
    broken = {law.law for law in findings.laws.values() if law.violations}
    assert broken == {COOLDOWN, SUPPRESSED, EXCLUSIVE, QUIET, CONSENT}


Break = tuple[Any, str, Callable[..., Any] | property]
"""(module, name in it, what stands there instead)."""


def a_window_that_is_a_millisecond_short(
    subject: caps.Subject, times: list[int] | None, spent: int, now_ms: int
) -> caps.Full | None:
    return caps.cap_without_room(subject, times, spent, now_ms + 1)


forget, note = contacts.forget, contacts.note


def a_note_that_keeps_one_time_less(
    profile: Profile, those: tuple[caps.Subject, ...], of: str, now_ms: int
) -> None:
    note(profile, those, of, now_ms)
    for subject in those:
        if subject.of == of:
            del profile.contacts[subject.key].times[: 1 - subject.most]
    for key in [key for key, known in profile.contacts.items() if not known.times]:
        del profile.contacts[key]


def forgetting_four_seconds_early(profile: Profile, now_ms: int) -> None:
    forget(profile, now_ms + 4_000)


cap_on = choose.Chooser.cap_on


def explores_now(chooser: choose.Chooser) -> bool:
    """Whether learning lets any offer go first for this customer now."""
    model = chooser._playbook.model
    assert model is not None
    seed, _ = model.learning.luck(chooser._touchpoint.customer_id, chooser._now_ms)
    return explores(seed, model.learning.explore)


def no_cap_where_it_is_explored(chooser: choose.Chooser, treatment: Treatment) -> caps.Full | None:
    return None if explores_now(chooser) else cap_on(chooser, treatment)


BREAKS: dict[str, tuple[Break, set[str]]] = {
    "a window that ends a millisecond early": (
        (choose, "cap_without_room", a_window_that_is_a_millisecond_short),
        {"everything", "each_group", "each_offer"},
    ),
    "nothing is counted within one decision": (
        (choose.Chooser, "_spend", lambda *_: None),
        {"everything", "burst", "each_channel", "each_group"},
    ),
    "what was counted is forgotten four seconds early": (
        (contacts, "forget", forgetting_four_seconds_early),
        {"sale_at_home", "each_group", "shoes_shown"},
    ),
    "one time too few is kept": (
        (serve, "note", a_note_that_keeps_one_time_less),
        {"everything", "each_channel", "each_group", "each_offer"},
    ),
    "what was shown or accepted is not counted": (
        (answers, "note", lambda *_: None),
        {"shown", "taken"},
    ),
    "what is explored is explored through a full cap": (
        (choose.Chooser, "cap_on", no_cap_where_it_is_explored),
        {"shown", "taken"},
    ),
    "an answer leads to no rest": (
        (choose, "rests_until", lambda *_: 0),
        {COOLDOWN, SUPPRESSED},
    ),
    "quiet hours are not asked": ((choose.Chooser, "quiet_until", lambda *_: 0), {QUIET}),
    "consent is not asked": ((Playbook, "refused_purposes", lambda *_: frozenset()), {CONSENT}),
    "rivals are not barred": (
        (choose.Chooser, "_barred", property(lambda _: set(), lambda *_: None)),
        {EXCLUSIVE},
    ),
    "answers are not attributed": (
        (answers, "_attribute", lambda *_: (None, "unknown")),
        {COUNTED},
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_policy_without_one_of_its_parts_is_seen_where_that_part_matters(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place, what, instead), expected = BREAKS[name]
    monkeypatch.setattr(place, what, instead, raising=False)
    findings = checked(6_000)
    assert findings.violations > 0
    broken = {name for name in (*findings.caps, *LAWS) if name in findings.places}
    assert expected <= broken
