"""A published decision for an offer as it is read back, from whichever log or table it comes.

What a newer version adds to a record is passed over; what an older one did not write is None.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from decisions.offering.answers import ANSWERED
from decisions.offering.record import DECIDED

Moment = Annotated[datetime, Meta(tz=True)]
"""One without an offset from UTC could be any."""


class Row(Struct, frozen=True):
    """A treatment of the eligible set."""

    rank: int
    """1 is the best."""
    offer_id: str
    channel: str
    placement: str
    propensity: float
    weight: float
    score: float

    @property
    def treatment(self) -> tuple[str, str, str]:
        """What is chosen: an offer, in a placement, through a channel."""
        return self.offer_id, self.placement, self.channel


class Eligible(Struct, frozen=True):
    """The eligible set, column by column, the best first."""

    offer_id: list[str]
    channel: list[str]
    placement: list[str]
    propensity: list[float]
    weight: list[float]
    score: list[float]

    def lengths(self) -> dict[str, int]:
        """Column → how many treatments it is about: as many as the others."""
        return {name: len(getattr(self, name)) for name in self.__struct_fields__}

    def rows(self) -> Iterator[Row]:
        """As many as are whole."""
        columns = [getattr(self, name) for name in self.__struct_fields__]
        for rank, cells in enumerate(zip(*columns, strict=False), 1):
            yield Row(rank, *cells)


class Learned(Struct, frozen=True):
    """What the propensities were drawn by."""

    policy: str
    seed: str
    explore: float
    explored: bool
    chance: float | None
    alpha: list[float] = []
    beta: list[float] = []
    mean: list[float] = []
    spread: list[float] = []
    """Instead of the two before them where the policy is linear."""


class Decided(Struct, frozen=True):
    """The body of `offer.decided`."""

    offer_id: str
    decision_id: str
    channel: str
    placement: str
    score: float
    propensity: float
    value: float
    reasons: list[str]
    expires_at: Moment
    group: str | None = None
    power: float | None = None
    weight: float | None = None
    lever: float | None = None
    cost: float | None = None
    arms: dict[str, str] | None = None
    eligible: Eligible | None = None
    learned: Learned | None = None
    topics: list[str] | None = None
    """What the offer is about; None where it is about no topics."""
    interests: list[str] | None = None
    """What the customer had declared, where there are topics."""

    @property
    def treatment(self) -> tuple[str, str, str]:
        """As a Row has it."""
        return self.offer_id, self.placement, self.channel


class Logged(Struct, frozen=True):
    """An `offer.decided`."""

    id: str
    customer_id: str
    caused_by: str
    decided_at: Moment
    playbook: str
    body: Decided


class Answer(Struct, frozen=True):
    """What the customer did about it."""

    answer: str
    """shown, clicked, accepted, dismissed or exhausted."""
    at: datetime
    """When it was decided that it counts."""
    caused_by: str


class _Kind(Struct):
    kind: str


class _Said(Struct):
    decision_id: str
    answer: str


class _Answered(Struct):
    customer_id: str
    caused_by: str
    decided_at: Moment
    body: _Said


EXPECTED: Final = "expected a record of touchpoints.actions"
_kind_of = msgspec.json.Decoder(_Kind).decode
_decided = msgspec.json.Decoder(Logged).decode
_answered = msgspec.json.Decoder(_Answered).decode


def read_kind(record: bytes) -> str:
    """The kind of an action, from its JSON. Raises ValueError for what is none."""
    return str(_read(_kind_of, record).kind)


def read_decided(record: bytes) -> Logged:
    """Raises ValueError for what is no `offer.decided`, with what was expected and what came."""
    kind = read_kind(record)
    if kind != DECIDED:
        raise ValueError(f"expected an action of kind {DECIDED}, got one of kind {kind!r}")
    found: Logged = _read(_decided, record)
    return found


def read_answer(record: bytes, decision: Logged) -> Answer | None:
    """What `record` says became of `decision`; None where it is about something else. Raises
    ValueError for what is no action."""
    if read_kind(record) != ANSWERED:
        return None
    found: _Answered = _read(_answered, record)
    if (found.customer_id, found.body.decision_id) != (decision.customer_id, decision.id):
        return None
    return Answer(found.body.answer, found.decided_at, found.caused_by)


def _read(decode: Any, record: bytes) -> Any:
    try:
        return decode(record)
    except ValueError as wrong:  # msgspec.DecodeError is one, and so is text that is not UTF-8
        raise ValueError(f"{EXPECTED}, got: {wrong}") from None
