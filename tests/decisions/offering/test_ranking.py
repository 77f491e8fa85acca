"""The order of treatments: by score; of equal scores each customer has an order of their own."""

from decisions.offering.arbitration import Ranking, best_first
from tests.decisions.someone import book


def ranking(**scores: int) -> Ranking:
    offers = "\n".join(
        f"  {name}: {{title: T, lever: {score}, value: 1, channels: [click], placements: home,"
        " ttl: 1d}"
        for name, score in scores.items()
    )
    return Ranking(book(f"offers:\n{offers}\n").offers.values())


def names(ranking: Ranking, customer: str) -> str:
    return "".join(one.treatment.offer for one in best_first(ranking.candidates, customer))


def test_the_best_score_comes_first_wherever_it_stands_in_the_file() -> None:
    assert names(ranking(a=1, b=3, c=2), "ann") == "bca"


def test_equal_scores_keep_their_place_among_the_others() -> None:
    tied = ranking(a=1, b=2, c=2, d=3, e=1)
    orders = {names(tied, f"c-{n}") for n in range(40)}
    assert orders == {"dbcae", "dbcea", "dcbae", "dcbea"}


def test_a_customer_has_the_same_order_every_time() -> None:
    tied = ranking(a=1, b=1, c=1, d=1)
    again = ranking(d=1, c=1, b=1, a=1)
    for n in range(20):
        assert names(tied, f"c-{n}") == names(again, f"c-{n}") == names(tied, f"c-{n}")


def test_places_of_one_offer_keep_their_order_where_they_are_worth_the_same() -> None:
    playbook = book("""
        offers:
          club: {title: T, value: 1, channels: [email, click], placements: [home, inbox], ttl: 1d}
          other: {title: T, value: 1, channels: [click, email], placements: [inbox, home], ttl: 1d}
        """)
    for n in range(20):
        ranked = best_first(Ranking(playbook.offers.values()).candidates, f"c-{n}")
        places = [(one.treatment.offer, one.treatment.placement) for one in ranked]
        assert [place for offer, place in places if offer == "club"] == ["home", "inbox"]
        assert [place for offer, place in places if offer == "other"] == ["inbox", "home"]
        assert places[0][0] == places[1][0]
