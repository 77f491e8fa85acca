"""A playbook's groups and offers, read."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, structs

from decisions.budgets.budget import Budget
from decisions.document import Node
from decisions.format.budget_keys import BUDGET
from decisions.format.offer_keys import GROUP, OFFER, TREATMENT
from decisions.format.part import Part
from decisions.language import Scope, Value, compile_value
from decisions.language.kinds import DOUBLE, DYN, INT
from decisions.offering.arbitration import gain
from decisions.offering.caps import DECIDED
from decisions.offering.catalogue import LAYERS, Offer, Placement, Treatment
from decisions.offering.experiments import Experiment
from decisions.offering.interest import ALONE
from decisions.offering.policy import Policy
from decisions.offering.written.experiments import read_arms
from decisions.offering.written.interests import read_topics
from decisions.reading import Reader

NUMBERS: Final = (INT, DOUBLE, DYN)
"""What the type of a weight may be."""
DAY_MS: Final = 24 * 60 * 60 * 1000
USUAL: Final[dict[str, Any]] = {
    "purpose": "",
    "propensity": 1.0,
    "lever": 1.0,
    "cooldown": 30 * DAY_MS,
    "suppress": 90 * DAY_MS,
    "cost": 0.0,
    "weight": None,
}
"""What holds where neither an offer nor its group says otherwise."""


class Group(Struct, frozen=True):
    """What a group says for its offers."""

    said: dict[str, Any]
    control: int
    """Percent of all customers who get none of them; 0 = nobody."""


class Around(Struct, frozen=True):
    """What a playbook says beside its offers."""

    channels: tuple[str, ...]
    placements: Mapping[str, Placement]
    groups: Mapping[str, Group]
    budgets: Mapping[str, Budget]
    purposes: Collection[str]
    policy: Policy
    rivals: Mapping[str, frozenset[str]]
    """Offer → those that do not stand beside it, itself among them."""
    power: float
    experiments: Mapping[str, Experiment]
    learned: bool
    """Propensities are."""
    interests: Value | None
    """What customers have declared; None: nothing says so."""
    scope: Scope


class OfferReader:
    """Reads offers; what is wrong is noted with `reader`."""

    def __init__(self, reader: Reader, around: Around) -> None:
        self._reader = reader
        self._around = around

    def read(self, name: str, node: Node, where: str) -> Offer | None:
        """One offer; None where what decides about it is wrong."""
        around = self._around
        part = Part(self._reader, node, where, OFFER)
        title = part.text("title")
        group_id = part.name("group", around.groups)
        group = around.groups.get(group_id)
        given = (group.said if group else {}) | shared(part, around.purposes)
        said = USUAL | given
        if around.purposes and "purpose" not in given:
            expected = f"one of {', '.join(around.purposes)}, here or in its group"
            self._reader.problem(node, part.where("purpose"), expected, "nothing")
        layers = tuple(
            (layer, when) for layer in LAYERS for _, when in part.conditions(layer, around.scope)
        )
        fallback = part.flag("fallback")
        if around.learned and not fallback and "propensity" not in given:
            expected = "a propensity that learning starts from, here or in its group"
            self._reader.problem(node, part.where("propensity"), expected, "nothing")
        said |= self._terms(part, "value", "cost")
        topics, of_products = read_topics(self._reader, part, around.interests)
        interests = around.interests if topics or of_products else None
        if interests and said["weight"] is None:
            # A weight that is no other offer's: it is multiplied by the share of these topics.
            said["weight"] = compile_value(ALONE, around.scope)
        priced = "value" in said
        said.setdefault("value", 0.0)
        treatments = tuple(self._treatments(name, part, said, group_id, counted=not fallback))
        start_ms, end_ms = self._open(part)
        ttl_ms = part.duration("ttl")
        if not priced or ttl_ms is None:
            return None
        reads = interests.reads if interests else 0
        for when in (*(when for _, when in layers), *(one.weight for one in treatments)):
            reads |= when.reads if when else 0
        offer = Offer(
            id=name,
            title=title,
            version=b"",
            group=group_id,
            purpose=said["purpose"],
            arms=read_arms(self._reader, part, around.experiments),
            layers=layers,
            treatments=treatments,
            start_ms=start_ms,
            end_ms=end_ms,
            timed=bool(start_ms or end_ms),
            ttl_ms=ttl_ms,
            cooldown_ms=said["cooldown"],
            suppress_ms=said["suppress"],
            fallback=fallback,
            because=part.text("because"),
            rivals=around.rivals.get(name, frozenset([name])),
            reads=reads,
            topics=topics,
            topics_of_products=of_products,
            interests=interests,
            **self._products(part),
            budget=around.budgets.get(part.name("budget", around.budgets)),
        )
        return structs.replace(offer, version=_version(offer, around.power))

    def _products(self, part: Part) -> dict[str, Any]:
        products, price = part.texts("products"), part.number("price")
        if price is not None and "products" not in part:
            place = part.get("price") or part.node
            expected = "a price beside the products that it is for"
            self._reader.problem(place, part.where("price"), expected, "no products")
        return {"products": products, "price": price}

    def _open(self, part: Part) -> tuple[int, int]:
        start, end = part.moment("start"), part.moment("end", end=True)
        if start is not None and end is not None and end <= start:
            place, where = part.get("end") or part.node, part.where("end")
            self._reader.problem(place, where, "a time after its start", "an earlier one")
        return start or 0, end or 0

    def _treatments(
        self, name: str, part: Part, said: dict[str, Any], group: str, *, counted: bool
    ) -> Iterator[Treatment]:
        around = self._around
        channels = part.several("channels", around.channels)
        terms = dict.fromkeys(channels, said)
        stated = set(channels) if "propensity" in part else set()
        for channel, key, node in part.named("treatments"):
            where = f"{part.where('treatments')}.{channel}"
            if channel in terms:
                own_part = Part(self._reader, node, where, TREATMENT)
                terms[channel] = said | self._terms(own_part, "propensity", "value", "cost")
                if "propensity" in own_part:
                    stated.add(channel)
            elif channels:
                expected = f"a channel of the offer: {', '.join(channels)}"
                self._reader.problem(key, part.where("treatments"), expected, f'"{channel}"')
        for place in part.several("placements", around.placements):
            served = around.placements[place].channels
            here = [channel for channel in channels if channel in served]
            if not here and channels and served:
                what, got = f"{part.where('placements')}: {place}", ", ".join(channels)
                node = part.get("placements") or part.node
                self._reader.problem(node, what, f"a channel of {', '.join(served)}", got)
            for channel in here:
                own = terms[channel]
                p, v, lever, cost = (own[k] for k in ("propensity", "value", "lever", "cost"))
                subjects = around.policy.counted(name, group, channel) if counted else ()
                yield Treatment(
                    offer=name,
                    channel=channel,
                    placement=place,
                    propensity=p,
                    value=v,
                    lever=lever,
                    cost=cost,
                    weight=own["weight"],
                    gain=(worth := gain(p, v, lever, around.power)),
                    score=worth - cost,
                    counted=subjects,
                    spends=tuple(subject for subject in subjects if subject.of == DECIDED),
                    starts="" if channel in stated else group,
                )

    def _terms(self, part: Part, *names: str) -> dict[str, Any]:
        """What is said of some terms, and of the weight."""
        found: dict[str, Any] = {}
        for name in names:
            number = part.number(name)
            if number is not None:
                found[name] = number
        weight: Value | None = part.value("weight", self._around.scope)
        if weight is not None:
            found["weight"] = weight
            if weight.type not in NUMBERS:
                place = part.get("weight") or part.node
                self._reader.problem(place, part.where("weight"), "a number", weight.type)
        return found


def read_groups(reader: Reader, book: Part, purposes: Collection[str]) -> dict[str, Group]:
    """The section `groups`."""

    def read(_name: str, node: Node, where: str) -> Group:
        part = Part(reader, node, where, GROUP)
        part.text("title")
        return Group(shared(part, purposes), part.share("control") or 0)

    return book.entries("groups", read)


def read_budgets(reader: Reader, book: Part) -> dict[str, Budget]:
    """The section `budgets`."""

    def read(name: str, node: Node, where: str) -> Budget:
        part = Part(reader, node, where, BUDGET)
        return Budget(name, part.whole("units") or 0, part.flag("hard"))

    return book.entries("budgets", read)


def shared(part: Part, purposes: Collection[str]) -> dict[str, Any]:
    """What an offer or its group says of what both may say; of what it says wrong, which is noted,
    the usual."""
    found: dict[str, Any] = {}
    if "purpose" in part:
        found["purpose"] = part.name("purpose", purposes)
    for name in ("propensity", "lever"):
        if name in part:
            number = part.number(name)
            found[name] = USUAL[name] if number is None else number
    for name in ("cooldown", "suppress"):
        if name in part:
            found[name] = part.duration(name) or 0
    return found


def _version(offer: Offer, power: float) -> bytes:
    """Of all that a decision for it says, and of what is shown by its id."""
    terms = [
        [
            *(one.placement, one.channel, one.propensity, one.value, one.lever, one.cost),
            " ".join(one.weight.source.split()) if one.weight else "",
        ]
        for one in offer.treatments
    ]
    words = offer.because or offer.source
    said = [offer.title, words, offer.group, offer.ttl_ms, offer.end_ms, power, terms]
    if offer.products:  # only then, so that others keep their version
        said += [offer.products, offer.price]
    if offer.interests:
        said += [offer.topics, offer.topics_of_products, " ".join(offer.interests.source.split())]
    if offer.budget:
        said.append({"budget": offer.budget.id})
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=4).digest()
