"""The checker of contact itself: it finds each kind of violation, and none where there is none."""

import subprocess
import sys

import pytest
from msgspec import structs

from tests.faults.world import ROOT
from tests.oracle.contact.findings import (
    ANSWERED,
    CAUSED,
    CONSENT,
    COOLDOWN,
    COUNTED,
    EXCLUSIVE,
    FORWARD,
    KNOWN,
    LAWS,
    ONCE,
    ONE_CONTENT,
    QUIET,
    SUPPRESSED,
)
from tests.oracle.contact.hours import first_quiet, is_quiet
from tests.oracle.contact.planted import NOON_MS, WRITTEN, Log, broken, content
from tests.oracle.contact.terms import Cap, Quiet, terms_of


@pytest.fixture
def log() -> Log:
    return Log()


def test_a_customer_of_whom_all_is_as_it_should_be_breaks_nothing_and_fills_every_cap(
    log: Log,
) -> None:
    log.does(0, "Identified", zone="Etc/UTC")
    log.decided(0, "shoes")
    log.does(9.999)
    coats = log.decided(9.999, "coats", "email")
    log.does(10)
    log.decided(10, "shoes")
    log.answers(11, coats, "shown")
    log.answers(11, coats, "dismissed")
    log.does(31)
    log.decided(31, "coats")
    findings = log.checker.end()
    assert broken(findings) == []
    assert findings.slack == []
    assert {name: cap.fullest for name, cap in findings.caps.items()} == {
        "two": 2,
        "mails": 1,
        "shown": 1,
    }
    assert (findings.decisions, findings.caps["mails"].decisions) == (4, 1)
    assert findings.answers == {"shown": 1, "dismissed": 1}


def test_one_decision_more_within_the_window_exceeds_a_cap_and_at_its_end_it_does_not(
    log: Log,
) -> None:
    for at_s, offer in ((0, "shoes"), (5, "coats"), (9.999, "shoes"), (15, "shoes")):
        log.does(at_s)
        log.decided(at_s, offer)
    assert log.found() == ["two"]
    assert log.checker.findings.caps["two"].fullest == 3


def test_two_decisions_of_one_event_count_twice(log: Log) -> None:
    log.does(0)
    log.decided(0, "shoes")
    log.does(1)
    log.decided(1, "shoes")
    log.decided(1, "shoes", "email")
    assert log.found() == ["two"]


def test_a_cap_per_offer_counts_each_for_itself_and_only_through_its_channels(log: Log) -> None:
    for at_s, offer, channel in (
        *((0, "shoes", "email"), (1, "news", "email"), (2, "for_you", "click")),
        *((3, "coats", "email"), (3.999, "shoes", "email")),
    ):
        log.does(at_s, "Consent Granted", purpose="profiling")
        log.decided(at_s, offer, channel)
    assert log.found() == ["two", "mails"]


def test_a_fallback_offer_is_counted_by_no_cap(log: Log) -> None:
    for at_s in (0, 0.5, 1):
        log.does(at_s)
        log.decided(at_s, "news", "email")
    assert log.found() == []
    assert log.checker.findings.caps["mails"].decisions == 0


def test_a_decision_through_a_full_cap_of_shows_is_found_and_the_next_one_is_not(log: Log) -> None:
    log.does(0)
    first = log.decided(0, "shoes")
    log.answers(1, first, "shown")
    log.does(20.999)
    log.decided(20.999, "coats")
    log.does(21)
    log.decided(21, "shoes")
    assert log.found() == ["shown"]


def test_what_is_shown_after_a_cap_was_full_is_measured_with_its_delay(log: Log) -> None:
    log.does(0)
    first, second = log.decided(0, "shoes"), log.decided(0, "shoes", "email")
    log.answers(1, first, "shown")
    log.does(1.25, "Offer Shown", told_s=0.15, decision_id=first.id)  # a page shows it again
    log.answers(1.5, second, "shown")
    log.does(2.5, "Offer Shown", told_s=2, decision_id=second.id)  # seen before, and told late
    shown = log.checker.end().caps["shown"]
    assert (shown.counted, shown.fullest, shown.beyond) == (4, 4, 3)  # each time counts
    assert (shown.late_shows, shown.delays_ms) == (3, [100, 500, 0])


@pytest.mark.parametrize(
    ("offer", "kind", "rest_s", "law"),
    [
        ("shoes", "dismissed", 10, COOLDOWN),
        ("coats", "dismissed", 5, COOLDOWN),
        ("shoes", "accepted", 30, SUPPRESSED),
        ("news", "dismissed", 30 * 86_400, COOLDOWN),
    ],
)
def test_an_offer_that_comes_back_before_its_rest_is_over_is_found(
    log: Log, offer: str, kind: str, rest_s: int, law: str
) -> None:
    log.does(0)
    first = log.decided(0, offer)
    log.answers(100, first, kind)
    for at_s, found in ((100 + rest_s - 0.001, [law]), (100 + rest_s, [law])):
        log.does(at_s)
        log.decided(at_s, offer)
        assert broken(log.checker.findings) == found


def test_two_offers_of_an_exclusive_set_are_found_where_one_event_decides_both(log: Log) -> None:
    log.does(0)
    log.decided(0, "shoes")
    log.does(1)
    log.decided(1, "coats")
    assert broken(log.checker.findings) == []  # the first may have gone before
    log.decided(1, "shoes")
    assert log.found() == ["two", EXCLUSIVE]


def test_one_cause_may_decide_one_of_an_exclusive_set_after_the_other(log: Log) -> None:
    log.does(0)
    log.message = "stock:boots"  # sold out, back, and sold out again
    log.decided(0, "shoes")
    log.decided(2, "coats")
    assert broken(log.checker.findings) == []
    log.decided(2, "shoes", "email")
    assert log.found() == ["two", EXCLUSIVE]


def test_a_decision_in_quiet_hours_is_found_and_one_that_stands_into_them(log: Log) -> None:
    log.does(0)
    hour = 3_600
    for at_s, offer, ttl_s in (
        (0, "news", 10 * hour),  # until 22:00
        (1, "shoes", 10 * hour),  # a second longer
        (10 * hour, "shoes", 60),
        (19 * hour - 1, "coats", 1),
        (19 * hour, "shoes", 60),  # 07:00
    ):
        log.does(at_s)
        log.decided(at_s, offer, "email", ttl_s=ttl_s)
    assert log.found() == [QUIET] * 3


def test_the_customers_own_zone_says_when_it_is_quiet(log: Log) -> None:
    log.does(0, "Identified", zone="Asia/Tokyo")  # 21:00 there
    log.decided(0, "shoes", "email", ttl_s=3_600)
    log.does(3_600)
    log.decided(3_600, "shoes", "email")
    log.decided(3_600, "for_you", "click")
    assert log.found() == [QUIET, CONSENT]


def test_quiet_hours_that_cross_midnight_are_quiet_on_both_sides_of_it() -> None:
    quiet = Quiet("22:00", "07:00", ["email"], "", "Europe/Berlin")
    hour = 3_600_000
    found = [at for at in range(24) if is_quiet(quiet, None, NOON_MS + at * hour)]
    assert found == [*range(9, 18)]
    assert first_quiet(quiet, None, NOON_MS, NOON_MS + 9 * hour) is None
    assert first_quiet(quiet, None, NOON_MS, NOON_MS + 9 * hour + 1) == NOON_MS + 9 * hour
    assert first_quiet(quiet, "no/where", NOON_MS + 17 * hour, NOON_MS + 18 * hour) is not None


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        ([("Granted", 0)], True),
        ([("Granted", 0), ("Withdrawn", 1)], False),
        ([("Withdrawn", 1), ("Granted", 0)], False),
        ([("Withdrawn", 0), ("Granted", 0)], False),
        ([("Withdrawn", 0), ("Granted", 1)], True),
        ([], False),
    ],
)
def test_a_decision_against_the_newest_word_of_a_customer_is_found(
    log: Log, words: list[tuple[str, int]], holds: bool
) -> None:
    for word, second in words:
        log.does(5, f"Consent {word}", told_s=5 - second, purpose="profiling")
    log.does(6)
    log.decided(6, "for_you")
    assert log.found() == [] if holds else log.found() == [CONSENT]


def test_an_id_that_is_given_twice_is_found_and_one_with_two_contents(log: Log) -> None:
    log.does(0)
    first = log.decided(0, "news")
    log.takes(first)
    assert broken(log.checker.findings) == [ONCE]
    log.takes(structs.replace(first, playbook="another"))
    assert log.found() == [ONCE, ONCE, ONE_CONTENT]


def test_a_record_that_lies_in_the_log_again_must_be_the_same(log: Log) -> None:
    log.does(0)
    first = log.decided(0, "news")
    log.checker.repeated(first.id, content(first))
    assert broken(log.checker.findings) == []
    log.checker.repeated(first.id, content(structs.replace(first, playbook="another")))
    assert log.found() == [ONE_CONTENT]
    assert log.checker.findings.repeats == 2


def test_time_that_goes_back_is_found(log: Log) -> None:
    log.does(1)
    log.decided(1, "news")
    log.decided(0.999, "news")
    assert log.found() == [FORWARD]


def test_what_follows_from_another_event_than_the_last_one_is_found(log: Log) -> None:
    log.does(0)
    log.message = "m-0"
    log.decided(0, "news")
    log.message = "time:offer.news:m-1"
    log.decided(0, "news")
    assert log.found() == [CAUSED]


def test_of_pages_those_are_found_on_which_two_of_an_exclusive_set_stood(log: Log) -> None:
    log.checker.page(["coats", "news"], 7)
    log.checker.page(["news"], 2)
    assert broken(log.checker.findings) == []
    log.checker.page(["coats", "news", "shoes"], 3)
    assert log.found() == [EXCLUSIVE]
    assert (log.checker.findings.pages, log.checker.findings.laws[EXCLUSIVE].asked) == (12, 10)


def test_an_answer_that_nobody_gave_is_found_and_one_that_counts_twice(log: Log) -> None:
    log.does(0)
    first = log.decided(0, "shoes")
    log.answered(0, first, "shown")
    assert broken(log.checker.findings) == [ANSWERED]
    log.answers(1, first, "shown")
    log.answers(2, first, "shown")
    assert log.found() == [ANSWERED, ANSWERED]


def test_an_answer_that_should_have_counted_is_missed_and_a_second_or_late_one_is_not(
    log: Log,
) -> None:
    log.does(0)
    first = log.decided(0, "shoes")
    log.answers(1, first, "shown")
    log.does(2, "Offer Shown", decision_id=first.id)
    log.does(3, "Offer Clicked", decision_id="f" * 32)
    log.does(3_600, "Offer Clicked", decision_id=first.id)
    assert log.found() == []
    log.does(3_599, "Offer Dismissed", decision_id=first.id)
    assert log.found() == [COUNTED]


def test_an_offer_that_the_playbook_does_not_know_is_found(log: Log) -> None:
    log.does(0)
    log.decided(0, "boats")
    assert log.found() == [KNOWN]


def test_every_law_is_broken_by_some_test_of_this_page() -> None:
    page = (ROOT / "tests/oracle/test_contact.py").read_text()
    names = {name for name, law in globals().items() if law in LAWS}
    assert len(names) == len(LAWS)
    assert all(f"[{name}" in page or f", {name})" in page or f", {name}]" in page for name in names)


def test_a_cap_that_never_bound_is_named(log: Log) -> None:
    log.does(0)
    log.decided(0, "shoes")
    assert log.checker.end().slack == ["two", "mails", "shown"]


def test_a_zone_that_is_no_trait_is_refused() -> None:
    contact = WRITTEN["contact"]
    quiet = {**contact["quiet"], "zone": '"Europe/" + customer.city'}
    with pytest.raises(ValueError, match=r"expected customer\.<trait> as the zone"):
        terms_of({**WRITTEN, "contact": {**contact, "quiet": quiet}})


@pytest.mark.parametrize(
    ("per", "only", "expected"),
    [
        ("customer", {}, "all"),
        ("group", {}, "sale"),
        ("offer", {"group": ["sale"]}, "shoes"),
        ("channel", {"offer": ["shoes", "coats"]}, "click"),
        ("customer", {"channel": ["email"]}, None),
        ("offer", {"group": ["club"]}, None),
    ],
)
def test_a_cap_counts_by_what_it_is_per_and_only_what_it_is_about(
    per: str, only: dict[str, list[str]], expected: str | None
) -> None:
    assert Cap("cap", 1, 1, "decided", per, only).subject("shoes", "sale", "click") == expected


def test_a_cap_per_group_counts_no_offer_without_one() -> None:
    assert Cap("cap", 1, 1, "decided", "group", {}).subject("news", "", "click") is None


def test_the_checker_knows_nothing_of_the_rules_that_decide() -> None:
    program = (
        "import sys, tests.oracle.contact.checker\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'decisions'])"
    )
    said = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True)
    assert said == "[]\n"
