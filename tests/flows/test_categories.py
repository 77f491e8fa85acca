"""A record of the catalogue changes which offer is chosen next, in the shard that it is told to."""

from connectors.kafka.broadcast import ProductChanged, encode_told
from connectors.kafka.topics import BROADCAST
from connectors.published.record_types import read_action
from decisions.world import World
from flows.processor.decide import decide_step
from flows.processor.flush import Flush
from flows.processor.steps import decode_step, route_step
from state.product import Product
from tests.decisions.offering.shop import offer
from tests.decisions.someone import book
from tests.flows.one_flush import NOW_MS, flush_of
from tests.flows.test_forwarding import CLICK, Came, event

HEAD = """\
channels: [click]
traits: {interests: list(string)}
placements:
  home: {channels: [click]}
"""
BOOK = book(
    "offers:\n"
    + "\n".join(
        [
            offer("kit", 9, "products: [tent, stove], topics_of_products: true"),
            offer("pan", 5, "products: [pan], topics_of_products: true"),
        ]
    )
    + "\n",
    HEAD,
)


def told(at: int, product: str, category: str, stock: int = 1) -> Came:
    """The shard is told what the catalogue says, at this offset."""
    said = ProductChanged(at, "t", product, Product(category, stock=stock))
    return Came(BROADCAST, at, encode_told(said))


def likes(number: int, *interests: str) -> Came:
    """Ann says what interests her."""
    said = event("ann", number, type="identify", event=None, traits={"interests": interests})
    return Came(CLICK, number, said)


def test_what_the_catalogue_says_of_a_category_decides_from_the_next_event_on() -> None:
    processor, part = flush_of(NOW_MS, {})
    processor.playbook = BOOK
    processor.input_ids = {CLICK: "c", BROADCAST: "b"}
    part.shard.world = World(products={}, budgets={})
    part.messages = [
        told(1, "tent", "camping"),
        told(2, "stove", "cooking"),
        told(3, "pan", "cooking"),
        likes(1, "cooking"),
        told(4, "stove", "cooking", stock=8),
        told(5, "tent", "cooking"),
        likes(2, "cooking", "running"),
        told(6, "pan", "garden"),
        told(7, "tent", "garden"),
        likes(3, "garden", "running"),
    ]
    part.events = []
    for step in (decode_step, route_step, decide_step):
        step(processor, Flush([part]))
    assert part.dead_letters == []
    made = [read_action(record) for _, record in part.actions]
    said = [(one.caused_by, one.body["offer_id"], one.body["weight"]) for one in made]
    assert said == [("m1", "pan", 1.0), ("m2", "kit", 1.0), ("m3", "pan", 1.0)]
    assert [one.body["topics"] for one in made] == [["cooking"], ["cooking"], ["garden"]]
