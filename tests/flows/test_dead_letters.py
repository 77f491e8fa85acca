"""What the flow makes of a record that it refuses."""

from datetime import timedelta
from typing import Any, cast

from connectors.events.dead_letter import Reason, Refusal
from connectors.events.replayed import replay_header
from connectors.published.record_types import DeadLetterRecord, read_dead_letter
from flows.processor.flush import Slice
from flows.processor.refuse import bury
from flows.processor.shard import Shard
from state.fence import Plan
from state.store.shard_store import ShardStore
from state.times import EPOCH, milliseconds

NOW_MS = 1_800_000_000_000
FIRST_MS = NOW_MS - 86_400_000
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


class Replayed(Record):
    """One that was written again from its dead letter of the day before."""

    def headers(self) -> Any:
        return [
            ("trace", b"1"),
            replay_header("id", 3, 7, EPOCH + timedelta(milliseconds=FIRST_MS)),
        ]


def buried(message: Record) -> DeadLetterRecord:
    shard = Shard(3, cast(ShardStore, None), 10)
    plan = Plan(1, 0, {}, NOW_MS, "v", "b", 0)
    part = Slice(shard, plan, False, [cast(Any, message)])
    bury(part, 0, REFUSAL, "decode")
    ((_, record),) = part.dead_letters
    return read_dead_letter(record)


def test_an_event_that_is_refused_again_keeps_when_it_first_was() -> None:
    first, again = buried(Record()), buried(Replayed())
    assert milliseconds(first.at) == milliseconds(first.first_at) == NOW_MS
    assert (milliseconds(again.at), milliseconds(again.first_at)) == (NOW_MS, FIRST_MS)


def test_a_header_whose_name_is_no_text_costs_the_headers_and_stops_nothing() -> None:
    shard = Shard(3, cast(ShardStore, None), 10)
    part = Slice(shard, Plan(1, 0, {}, 0, "v", "b", 0), False, [cast(Any, Record())])
    bury(part, 0, REFUSAL, "decode")
    ((key, record),) = part.dead_letters
    letter = read_dead_letter(record)
    assert key == b"ann"
    assert (letter.value, letter.key, letter.headers) == (b"-", b"ann", [])
    assert letter.detail == f"{REFUSAL.detail}; its headers are left out: expected names in UTF-8"
