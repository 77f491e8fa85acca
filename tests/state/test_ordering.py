"""The order of a flush is a function of the set of its records."""

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from state.ordering import checksum, in_order


class Record(Struct, frozen=True):
    topic: str
    offset: int
    stamp: int

    def timestamp(self) -> tuple[int, int]:
        return 1, self.stamp

    def value(self) -> bytes:
        return f"{self.topic}/{self.offset}/{self.stamp}".encode()


def runs_of(stamps: dict[str, list[int]]) -> dict[str, list[Record]]:
    return {
        topic: [Record(topic, offset, stamp) for offset, stamp in enumerate(run)]
        for topic, run in stamps.items()
    }


stamps_by_topic = st.dictionaries(
    st.sampled_from(["click", "email", "chat"]),
    st.lists(st.integers(0, 50), max_size=20),
    min_size=1,
)


@given(stamps_by_topic)
def test_each_topic_stays_in_offset_order(stamps: dict[str, list[int]]) -> None:
    ordered = in_order(runs_of(stamps))
    for topic, run in stamps.items():
        assert [r.offset for r in ordered if r.topic == topic] == list(range(len(run)))


@given(stamps_by_topic)
def test_it_is_the_order_of_running_maximum_then_topic_then_offset(
    stamps: dict[str, list[int]],
) -> None:
    def key(record: Record, runs: dict[str, list[Record]]) -> tuple[int, str, int]:
        highest = max(r.stamp for r in runs[record.topic][: record.offset + 1])
        return highest, record.topic, record.offset

    runs = runs_of(stamps)
    everything = [record for run in runs.values() for record in run]
    assert in_order(runs) == sorted(everything, key=lambda record: key(record, runs))


@given(stamps_by_topic, st.randoms(use_true_random=False))
def test_it_does_not_depend_on_which_topic_came_first(
    stamps: dict[str, list[int]], random: Random
) -> None:
    runs = runs_of(stamps)
    topics = list(runs)
    random.shuffle(topics)
    assert in_order({topic: runs[topic] for topic in topics}) == in_order(runs)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9), st.data())
def test_other_input_has_another_checksum(numbers: Sequence[int], data: st.DataObject) -> None:
    records = [Record("t", offset, stamp) for offset, stamp in enumerate(numbers)]
    at = data.draw(st.integers(0, len(records) - 1))
    changed = [*records[:at], Record("t", at, 99), *records[at + 1 :]]
    assert checksum(changed) != checksum(records)
