"""The order of offers: by score; of equal scores each customer has an order of their own."""

from collections.abc import Iterable

from decisions.ranking import Ranking
from decisions.rules import Offer
from tests.decisions.someone import book


def ranking(**scores: int) -> Ranking:
    offers = "\n".join(
        f"  {name}: {{title: T, priority: {score}, value: 1, channels: [click], placements: home,"
        " ttl: 1d}"
        for name, score in scores.items()
    )
    return Ranking(book(f"offers:\n{offers}\n").offers.values())


def names(offers: Iterable[Offer]) -> str:
    return "".join(offer.id for offer in offers)


def test_the_best_score_comes_first_wherever_it_stands_in_the_file() -> None:
    assert names(ranking(a=1, b=3, c=2).of("ann")) == "bca"


def test_equal_scores_keep_their_place_among_the_others() -> None:
    tied = ranking(a=1, b=2, c=2, d=3, e=1)
    orders = {names(tied.of(f"c-{n}")) for n in range(40)}
    assert orders == {"dbcae", "dbcea", "dcbae", "dcbea"}


def test_a_customer_has_the_same_order_every_time() -> None:
    tied = ranking(a=1, b=1, c=1, d=1)
    again = ranking(d=1, c=1, b=1, a=1)
    for n in range(20):
        assert names(tied.of(f"c-{n}")) == names(again.of(f"c-{n}")) == names(tied.of(f"c-{n}"))
