"""Customers of a shop that tries something, decided about by the real code, as warehouse rows."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from connectors.warehouse.tables import Row
from decisions.load import parse_playbook
from decisions.playbook import Playbook
from state.decision import Decision
from tests.connectors.warehouse_samples import decided, event, store
from tests.decisions.offering.shop import HEAD, decision_id, offer
from tests.decisions.someone import Someone

OFFERS = [
    offer("warm_words", 5, "arms: [tone.warm]"),
    offer("plain_words", 5, "arms: [tone.plain]"),
]
TEXT = HEAD + "\n".join(
    [
        "offers:",
        *OFFERS,
        "control: {share: 20%}",
        "experiments: {tone: {title: Tone, arms: {plain: 40%, warm: 40%}}}",
        "",
    ]
)
ACCEPTS = {"plain_words": 0.1, "warm_words": 0.3}
BUYS_UNASKED, BUYS_AFTER = 0.05, 0.5


class Lived(NamedTuple):
    """What one customer did."""

    customer_id: str
    accepted: bool
    ordered: bool
    paid: float


class World:
    """Rows of a warehouse, and what is true of its customers."""

    def __init__(self, playbook: Playbook | None = None) -> None:
        self.playbook = playbook or book()
        self.lived: list[Lived] = []
        self.events: list[Row] = []
        self.actions: list[Row] = []

    def live(self, customers: Sequence[str], seed: int = 1) -> None:
        """Each comes once, may accept what they are offered, and may buy."""
        for customer_id in customers:
            dice = Random(f"{seed} {customer_id}")
            someone = Someone(self.playbook, customer_id)
            self._does(someone, "Page Viewed")
            offered = [held.offer_id for held in someone.profile.offers]
            accepted = bool(offered) and dice.random() < ACCEPTS[offered[0]]
            if accepted:
                for _ in "twice":
                    said = {"decision_id": self._decision(someone, offered[0])}
                    self._does(someone, "Offer Accepted", said)
            ordered = dice.random() < (BUYS_AFTER if accepted else BUYS_UNASKED)
            paid = 0.0
            if ordered:
                paid = round(dice.uniform(10, 100), 2)
                self._does(someone, "Order Completed", {"total": paid})
            self.lived.append(Lived(customer_id, accepted, ordered, paid))

    def store(self, folder: Path) -> str:
        return store(folder, self.events, actions=self.actions)

    def _decision(self, someone: Someone, offer_id: str) -> str:
        """Its id, also once it was accepted."""
        standing = {held.offer_id for held in someone.profile.offers}
        if offer_id in standing:
            return decision_id(someone, offer_id)
        return someone.profile.proposals[-1].decision_id.hex()

    def _does(
        self, someone: Someone, name: str, properties: dict[str, Any] | None = None
    ) -> Decision | None:
        found = someone.does(name, properties)
        number = len(self.events)
        self.events.append(
            event(number, someone.customer_id, name=name, at_ms=someone.now_ms, **properties or {})
        )
        for action in found.actions if found else []:
            self.actions.append(
                decided(
                    len(self.actions),
                    action.id,
                    action.kind,
                    someone.customer_id,
                    someone.now_ms,
                    **action.body,
                )
            )
        return found


def book(text: str = TEXT) -> Playbook:
    return parse_playbook(text, "book.yaml")
