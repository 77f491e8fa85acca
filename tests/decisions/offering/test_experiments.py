"""Who is dealt into which arm, and who is held out."""

import hashlib
from itertools import product
from math import sqrt

import pytest

from decisions.offering.experiments import Experiment, assigned, control
from decisions.playbook import PlaybookError
from tests.decisions.offering.shop import HEAD, offer, served, shop, told
from tests.decisions.someone import Someone, actions, book

CUSTOMERS = [f"c-{number:06d}" for number in range(20_000)]
TONE = Experiment("tone", "tone", (("plain", 50), ("warm", 30)))


def near(found: int, of: int, share: float) -> bool:
    """Within five standard deviations of what chance gives."""
    return abs(found - of * share) <= 5 * sqrt(of * share * (1 - share))


def test_shares_are_what_they_say_and_the_rest_takes_no_part() -> None:
    dealt = [TONE.arm_of(customer) for customer in CUSTOMERS]
    for arm, share in (("plain", 0.5), ("warm", 0.3), ("", 0.2)):
        assert near(dealt.count(arm), len(dealt), share), arm


def test_two_salts_deal_independently_of_each_other() -> None:
    other = Experiment("other", "another salt", (("a", 40), ("b", 60)))
    dealt = [(TONE.arm_of(customer), other.arm_of(customer)) for customer in CUSTOMERS]
    for (one, p), (two, q) in product((("plain", 0.5), ("warm", 0.3)), (("a", 0.4), ("b", 0.6))):
        assert near(dealt.count((one, two)), len(dealt), p * q), (one, two)


def test_the_same_salt_deals_the_same_and_anybody_can_compute_it() -> None:
    text = "10:experiment4:tone8:c-000007"
    drawn = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest()[:8])
    percent = drawn * 100 // 2**64
    expected = "plain" if percent < 50 else "warm" if percent < 80 else ""
    assert TONE.arm_of("c-000007") == expected
    assert Experiment("x", "tone", TONE.arms).arm_of("c-000007") == expected


def test_a_share_that_grows_only_adds_customers_to_a_control() -> None:
    small, large = control("control", "s", 5), control("control", "s", 20)
    held = {c for c in CUSTOMERS if small.arm_of(c) == "control"}
    assert held < {c for c in CUSTOMERS if large.arm_of(c) == "control"}
    assert {control("control", "s", 100).arm_of(c) for c in CUSTOMERS} == {"control"}


OFFERS = "\n".join(
    [
        offer("club", 9, "group: loyalty"),
        offer("warm", 5, "arms: [tone.warm]"),
        offer("plain", 5, "arms: [tone.plain]"),
        offer("spare", 1, "fallback: true"),
    ]
)
REST = """
control: {share: 20%}
groups: {loyalty: {title: L, control: 30%}}
experiments: {tone: {title: T, arms: {plain: 50%, warm: 30%}}}
"""
BOOK = book(f"offers:\n{OFFERS}\n{REST}", HEAD)


def test_who_is_held_out_gets_the_fallback_or_nothing_of_the_group_and_arms_their_offers() -> None:
    seen = set()
    for number in range(300):
        someone = Someone(BOOK, f"c-{number}")
        arms = assigned(BOOK.experiments.values(), someone.customer_id)
        (decided, *_) = actions(someone.does("Page Viewed"), "offer.decided")
        assert decided.body["arms"] == arms
        expected = []
        if arms["control"] == "control":
            expected = ["spare"]
        else:
            expected += ["club"] if arms["control.loyalty"] == "treated" else []
            expected += [arms["tone"]] if "tone" in arms else []
            expected = expected or ["spare"]
        assert served(someone) == expected
        seen.add(tuple(expected))
    assert len(seen) == 7 - 1


def test_it_is_told_who_is_held_out_and_who_is_in_another_arm() -> None:
    for number in range(300):
        someone = Someone(BOOK, f"c-{number}")
        someone.does("Page Viewed")
        arms = assigned(BOOK.experiments.values(), someone.customer_id)
        found = told(someone)
        held = [n for n in ("control", "control.loyalty") if arms[n] == "control"]
        if held:
            assert found["club"].stage == "control"
            assert found["club"].reasons == (f"the customer is held out: {', '.join(held)}",)
        if arms["control"] == "treated" and arms.get("tone") != "warm":
            got = f"is in {arms['tone']}" if "tone" in arms else "takes no part"
            assert found["warm"].stage == "arm"
            assert found["warm"].reasons == (f"for warm of tone; the customer {got}",)


def test_a_control_of_its_own_salt_holds_others_out() -> None:
    one = shop(offer("a"), "control: {share: 50%}").playbook
    two = shop(offer("a"), "control: {share: 50%, salt: other}").playbook
    of_one, of_two = (
        {c for c in CUSTOMERS[:200] if assigned(b.experiments.values(), c)["control"] == "control"}
        for b in (one, two)
    )
    assert of_one != of_two


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("experiments: {t: {title: T, arms: {a: 60%, b: 50%}}}", "at most 100% together, got 110%"),
        ("experiments: {t: {title: T, arms: {a: half}}}", "experiments.t.arms.a; expected"),
        ("experiments: {control: {title: T, arms: {a: 1%}}}", "expected another id"),
        ("control: {salt: x}", "missing key in control; expected share"),
        ("control: {share: 0%}", "control.share; expected"),
    ],
)
def test_what_cannot_be_dealt_is_refused(rest: str, said: str) -> None:
    with pytest.raises(PlaybookError) as refused:
        shop(offer("a"), rest)
    assert said in str(refused.value)


def test_an_arm_that_nobody_deals_is_refused_with_the_nearest() -> None:
    experiments = "experiments: {tone: {title: T, arms: {warm: 9%}}}"
    said = 'expected one of tone.warm, got "tone.wram"; did you mean "tone.warm"'
    with pytest.raises(PlaybookError, match=said):
        shop(offer("a", more="arms: [tone.wram]"), experiments)
    with pytest.raises(PlaybookError, match="none, as there is no experiment"):
        shop(offer("a", more="arms: [control.treated]"), "control: {share: 5%}")
