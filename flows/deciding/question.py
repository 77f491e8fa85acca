"""The body of a request: bytes in; a question, or why there is none. Pure."""

from collections.abc import Collection
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, ValidationError, convert
from orjson import loads

from connectors.events.decode import (
    BAD_CUSTOMER,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_KEYS,
    is_customer_id,
    unreadable,
)
from connectors.events.json_shape import deeper_than, distinct_keys
from decisions.language.errors import nearest, shown
from flows.deciding.failure import Code, Failure

MOST_PLACEMENTS: Final = 16


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """A request's body."""

    customer_id: str
    placement: str | None = None
    """Where the offers are to stand; this one, or `placements`."""
    placements: Annotated[list[str], Meta(min_length=1, max_length=MOST_PLACEMENTS)] | None = None
    context: dict[str, Any] = {}
    """What the page knows."""
    message_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    """Names the request: one that comes again with it is given the same."""
    early: bool = False
    """Whether to answer as soon as what is decided is on its way to Kafka."""

    @property
    def places(self) -> list[str]:
        """Where, each once."""
        those = self.placements or ([] if self.placement is None else [self.placement])
        return list(dict.fromkeys(those))


def read_question(raw: bytes, placements: Collection[str]) -> Asked | Failure:
    """What `raw` asks; `placements`: those of the playbook. The bounds are those of events."""
    if len(raw) > MAX_BYTES:
        return Failure(Code.TOO_LARGE, f"expected at most {MAX_BYTES} bytes, got {len(raw)}")
    if deeper_than(raw, MAX_DEPTH):
        return Failure(Code.TOO_DEEP, f"expected at most {MAX_DEPTH} levels of objects and arrays")
    try:
        tree = loads(raw)
        asked = convert(tree, Asked)
    except ValidationError as error:
        return Failure(Code.INVALID, str(error))
    except ValueError as error:
        return Failure(Code.NOT_JSON, f"expected a JSON object: {unreadable(raw, error).detail}")
    if (keys := distinct_keys(tree)) > MAX_KEYS:
        return Failure(
            Code.TOO_MANY_KEYS, f"expected at most {MAX_KEYS} different keys, got {keys}"
        )
    if not is_customer_id(asked.customer_id):
        return Failure(Code.BAD_ID, BAD_CUSTOMER.detail)
    if (asked.placement is None) == (asked.placements is None):
        return Failure(Code.INVALID, "expected one of `placement` and `placements` - at `$`")
    for place in asked.places:
        if place not in placements:
            return Failure(Code.UNKNOWN_PLACEMENT, _unknown(place, placements))
    return asked


def _unknown(place: str, placements: Collection[str]) -> str:
    known = ", ".join(placements) or "none, as the playbook declares none"
    close = nearest(place, placements)
    hint = f'; did you mean "{close}"?' if close else ""
    return f'expected one of the placements {known}, got "{shown(place)}"{hint}'
