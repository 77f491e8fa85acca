"""What the flow makes of a record that it refuses."""

from typing import Any, cast

from connectors.events.dead_letter import Reason, Refusal
from connectors.published.record_types import read_dead_letter
from flows.processor.decide import _bury
from flows.processor.flush import Slice
from flows.processor.shard import Shard
from state.fence import Plan
from state.store.shard_store import ShardStore

REFUSAL = Refusal(Reason.NOT_JSON, "unexpected end at byte 1")


class Record:
    """One whose header has a name that is not UTF-8, as librdkafka's client hands it out.

    That client cannot write such a record, hence no broker here.
    """

    def topic(self) -> str:
        return "touchpoints.click"

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return 41

    def key(self) -> bytes | None:
        return b"ann"

    def value(self) -> bytes | None:
        return b"-"

    def headers(self) -> Any:
        raise SystemError("<method 'headers'> returned a result with an exception set")


def test_a_header_whose_name_is_no_text_costs_the_headers_and_stops_nothing() -> None:
    shard = Shard(3, cast(ShardStore, None), 10)
    part = Slice(shard, Plan(1, 0, {}, 0, "v", "b", 0), False, [cast(Any, Record())])
    _bury(part, 0, REFUSAL, "decode")
    ((key, record),) = part.dead_letters
    letter = read_dead_letter(record)
    assert key == b"ann"
    assert (letter.value, letter.key, letter.headers) == (b"-", b"ann", [])
    assert letter.detail == f"{REFUSAL.detail}; its headers are left out: expected names in UTF-8"
