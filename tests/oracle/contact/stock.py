"""Whether what is decided was there to be sold, by the prices that stand in the records.

Each word of the catalogue has a price of its own, so a decision says which of them its shard knew.
Which one it should have known is not in the records; but what it knows never grows older.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from connectors.published.record_types import ActionRecord
from tests.oracle.contact.findings import STOCKED, Findings
from tests.oracle.contact.terms import Terms


class Word(NamedTuple):
    """What the catalogue says of a product from now on."""

    price: float
    """No other word of the product has it."""
    there: bool
    """Whether there are some to be sold."""


class Stock:
    """Of all products that offers name."""

    def __init__(
        self,
        words: Mapping[str, Sequence[Word]],
        offers: Mapping[str, Terms],
        findings: Findings,
    ) -> None:
        """`words`: product → what the catalogue said of it, one after the other."""
        self._findings = findings
        self._of = {name: terms.product for name, terms in offers.items() if terms.product}
        self._known = {
            product: {word.price: number for number, word in enumerate(said) if word.there}
            for product, said in words.items()
        }
        self._last: dict[tuple[int, str], int] = {}
        """(shard, product) → the newest word that it is known to have heard."""

    def decided(self, record: ActionRecord, where: str) -> None:
        """An offer was decided."""
        product = self._of.get(record.body["offer_id"])
        if not product or not self._known:  # what the catalogue says is not known here
            return
        place, price = (record.applied.shard, product), record.body.get("price", 0.0)
        number, last = self._known.get(product, {}).get(price, -1), self._last.get(place, 0)
        right = record.body.get("products") == [product] and number >= last
        self._findings.asks(STOCKED, right, f"{where}: {product} at {price}, after word {last}")
        self._last[place] = max(number, last)
