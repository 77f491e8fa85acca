"""The laws find what is wrong: a run that was right, spoilt in one place after the other."""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import redis
from confluent_kafka import Producer
from msgspec import json, structs

from connectors.kafka.topics import (
    ACTIONS,
    DEAD_LETTER,
    ENRICHED,
    FORWARD,
    channel_topic,
    create_topics,
    input_topics,
)
from decisions.load import load_playbook
from flows.local.services import start_kafka
from flows.settings import Settings
from state.fence import decode_fence, encode_fence
from state.profile import decode_profile, encode_profile
from state.store.keys import shard_keys
from tests.faults.laws.forwards import AS_IT_CAME, IN_ORDER, SAME_AGAIN, SENT_ON, Forwards
from tests.faults.laws.judge import APART, INTERNAL, OUTPUTS
from tests.faults.laws.out_log import ONCE, ONE_CONTENT
from tests.faults.laws.plans import TILED
from tests.faults.laws.shard import COUNTS, ITS_EVENT, ITS_RECORD, STATE, TIMERS, ShardLaws
from tests.faults.laws.verdict import Verdict
from tests.faults.world import MIXED, PARTITIONS, Logged, World
from tests.services import redis_server, running

EVENTS = 400
INPUTS = input_topics(Settings().channels)
CHANNELS = tuple(map(channel_topic, Settings().channels))


class Message(NamedTuple):
    """A record as the laws are given it."""

    logged: Logged

    def topic(self) -> str:
        return self.logged.topic

    def partition(self) -> int:
        return self.logged.partition

    def offset(self) -> int:
        return self.logged.offset

    def key(self) -> bytes | None:
        return self.logged.key

    def value(self) -> bytes:
        return self.logged.value

    def headers(self) -> list[tuple[str, bytes | None]]:
        return self.logged.headers

    def timestamp(self) -> tuple[int, int]:
        return 1, self.logged.stamp


class Left:
    """What a run has left: `logs` of one shard, and `others` of all others. `get`, `mget`,
    `llen`, `zrange` and `hgetall` are Redis's."""

    def __init__(
        self,
        shard: int,
        logs: dict[str, list[Logged]],
        others: dict[str, list[Logged]],
        stored: dict[bytes, Any],
    ) -> None:
        self.shard, self.logs, self.others, self.stored = shard, logs, others, stored

    def copy(self) -> "Left":
        logs = {topic: list(records) for topic, records in self.logs.items()}
        return Left(self.shard, logs, self.others, dict(self.stored))

    def get(self, key: bytes) -> Any:
        return self.stored.get(key)

    def mget(self, keys: list[bytes]) -> list[Any]:
        return [self.stored.get(key) for key in keys]

    def llen(self, key: bytes) -> int:
        return int(self.stored.get(key, 0))

    def zrange(self, key: bytes, *_: int, withscores: bool = False) -> list[Any]:
        return list(self.stored.get(key, ()))

    def hgetall(self, key: bytes) -> dict[bytes, bytes]:
        return dict(self.stored.get(key, {}))

    def rows(self) -> list[int]:
        """Where in the enriched log there are rows, not plans."""
        return [at for at, logged in enumerate(self.logs[ENRICHED]) if logged.key is not None]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    """Of the shard with the most actions, after a run that nothing disturbed."""
    for kafka in running(start_kafka, tmp_path_factory.mktemp("kafka")):
        for store in running(redis_server, tmp_path_factory.mktemp("redis")):
            world = World(kafka.bootstrap_servers, store.redis_url)
            create_topics(
                {"bootstrap.servers": kafka.bootstrap_servers}, Settings().channels, PARTITIONS
            )
            world.fill(EVENTS, int(time.time() * 1000), customers=15, producers=MIXED)
            producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
            for number in range(PARTITIONS):
                producer.produce("touchpoints.kiosk", b"rubbish", b"key", partition=number)
            producer.flush()
            assert world.run("never", 1, EVENTS + PARTITIONS) == 0
            yield _taken(world)


def _taken(world: World) -> Left:
    client = redis.Redis.from_url(world.redis_url)
    logs = {topic: world.log(topic) for topic in (*OUTPUTS, *INPUTS)}
    shard = max(range(PARTITIONS), key=[x.partition for x in logs[ACTIONS]].count)
    mine = {topic: [x for x in log if x.partition == shard] for topic, log in logs.items()}
    others = {topic: [x for x in log if x.partition != shard] for topic, log in logs.items()}
    stored: dict[bytes, Any] = {
        key: client.get(key) for key in client.scan_iter() if client.type(key) == b"string"
    }
    timers = [shard_keys(n).timers for n in range(PARTITIONS)]
    stored |= {key: client.zrange(key, 0, -1, withscores=True) for key in timers}
    return Left(shard, mine, others, stored)


def broken(left: Left) -> Verdict:
    """What the laws say of it."""
    verdict = Verdict()
    playbook = load_playbook(World("", "").playbook)
    forwards = Forwards(verdict)
    laws = [ShardLaws(s, PARTITIONS, playbook, verdict, forwards) for s in range(PARTITIONS)]
    inputs = {**dict.fromkeys(CHANNELS, ShardLaws.input), **INTERNAL}
    in_turn = dict.fromkeys((*CHANNELS, FORWARD), ShardLaws.in_turn)
    for readers in (APART, in_turn, {**OUTPUTS, **inputs}):
        for topic, read in readers.items():
            for logged in left.logs[topic] + left.others[topic]:
                read(laws[logged.partition], Message(logged))
    for each in laws:
        each.of_logs()
        each.of_redis(left, int(time.time() * 1000))  # type: ignore[arg-type]  # all that is asked
    forwards.judge()
    return verdict


def test_a_run_that_nothing_disturbed_breaks_no_law(kept: Left) -> None:
    verdict = broken(kept)
    assert verdict.told() == []
    assert verdict.rows == verdict.accepted > 20
    assert verdict.actions > 5
    assert verdict.produced == EVENTS + PARTITIONS
    assert verdict.forwarded == len(kept.logs[FORWARD] + kept.others[FORWARD]) > EVENTS // 4
    assert (verdict.lost, verdict.twice, verdict.second_contents) == (0, 0, 0)


def test_a_record_that_is_repeated_as_it_was_breaks_no_law_and_is_counted(kept: Left) -> None:
    left = kept.copy()
    left.logs[ENRICHED] += left.logs[ENRICHED][-3:]
    left.logs[FORWARD].append(left.logs[FORWARD][-1])
    verdict = broken(left)
    assert verdict.told() == []
    assert verdict.repeats["rows"] > 0
    assert verdict.repeats["forwarded"] == 1


def a_row_is_gone(left: Left) -> None:
    del left.logs[ENRICHED][left.rows()[3]]


def a_row_is_there_under_another_place(left: Left) -> None:
    last = left.logs[ENRICHED][left.rows()[-1]]
    place = b'"index":'
    before, _, after = last.value.rpartition(place)
    moved = before + place + b"9" + after
    left.logs[ENRICHED].append(structs.replace(last, value=moved))


def a_row_has_a_second_content(left: Left) -> None:
    row = left.logs[ENRICHED][left.rows()[3]]
    other = row.value.replace(b'"playbook":"', b'"playbook":"x')
    left.logs[ENRICHED].append(structs.replace(row, value=other))


def a_row_was_decided_otherwise(left: Left) -> None:
    at = left.rows()[3]
    row = left.logs[ENRICHED][at]
    other = row.value.replace(b'"playbook":"', b'"playbook":"x')
    left.logs[ENRICHED][at] = structs.replace(row, value=other)


def an_input_record_was_passed_over(left: Left) -> None:
    log = left.logs["touchpoints.click"]
    log.append(structs.replace(log[-1], offset=log[-1].offset + 1))


def an_action_is_gone(left: Left) -> None:
    del left.logs[ACTIONS][1]


def two_actions_are_in_the_other_order(left: Left) -> None:
    log = left.logs[ACTIONS]
    log[1], log[2] = log[2], log[1]


def a_profile_is_another(left: Left) -> None:
    key = next(k for k in left.stored if k.startswith(shard_keys(left.shard).profile_prefix))
    profile = decode_profile(left.stored[key])
    profile.last_at += 1
    left.stored[key] = encode_profile(profile)


def nothing_is_served(left: Left) -> None:
    left.stored = {k: v for k, v in left.stored.items() if not k.startswith(b"touchline:offers:")}


def an_action_was_not_published(left: Left) -> None:
    left.stored[shard_keys(left.shard).outbox] = 1


def a_timer_was_lost(left: Left) -> None:
    key = shard_keys(left.shard).timers
    left.stored[key] = left.stored[key][:-1]


def a_counter_was_lost(left: Left) -> None:
    del left.stored[shard_keys(left.shard).counters]


def the_fence_is_ahead(left: Left) -> None:
    key = shard_keys(left.shard).fence
    fence = decode_fence(left.stored[key])
    topic, at = next(iter(fence.positions.items()))
    ahead = structs.replace(at, next_offset=at.next_offset + 1)
    positions = {**fence.positions, topic: ahead}
    left.stored[key] = encode_fence(structs.replace(fence, positions=positions))


def a_row_tells_another_time_of_receipt(left: Left) -> None:
    at = left.rows()[3]
    row = left.logs[ENRICHED][at]
    name = b'"received_at":"'
    later = row.value.replace(name + b"202", name + b"203")
    left.logs[ENRICHED][at] = structs.replace(row, value=later)


def a_dead_letter_has_another_key(left: Left) -> None:
    at = next(i for i, x in enumerate(left.logs[DEAD_LETTER]) if b'"a2V5"' in x.value)
    letter = left.logs[DEAD_LETTER][at]
    other = letter.value.replace(b'"a2V5"', b'"a2Vz"')
    left.logs[DEAD_LETTER][at] = structs.replace(letter, value=other)


def an_event_was_not_sent_on(left: Left) -> None:
    del left.logs[FORWARD][3]


def an_event_was_sent_on_with_another_header(left: Left) -> None:
    sent = left.logs[FORWARD][3]
    mark, *_ = sent.headers
    left.logs[FORWARD][3] = structs.replace(sent, headers=[mark, ("trace", b"other")])


def an_event_was_sent_on_again_as_another(left: Left) -> None:
    again = left.logs[FORWARD][-1]
    left.logs[FORWARD].append(structs.replace(again, key=b"other"))


def an_event_was_sent_on_that_lay_where_it_belongs(left: Left) -> None:
    last = left.logs[FORWARD][-1]
    (name, mark), *headers = last.headers
    told = json.decode(mark or b"")
    place = {**told["place"], "offset": told["place"]["offset"] + 1_000}
    forged = json.encode({**told, "place": place, "sender": place})
    left.logs[FORWARD].append(structs.replace(last, headers=[(name, forged), *headers]))


def two_events_were_sent_on_in_the_other_order(left: Left) -> None:
    log = left.logs[FORWARD]
    before: dict[tuple[str, int], int] = {}
    for at, sent in enumerate(log):
        told = json.decode(sent.headers[0][1] or b"")
        sender = (told["topic"], told["place"]["partition"])
        if sender in before:
            log[before[sender]], log[at] = log[at], log[before[sender]]
            return
        before[sender] = at


SPOILT: dict[Callable[[Left], None], str] = {
    a_row_is_gone: "the ids of the enriched log are those of the accepted input",
    a_row_is_there_under_another_place: ONCE,
    a_row_has_a_second_content: ONE_CONTENT,
    a_row_was_decided_otherwise: "the rows are those of the replay",
    an_input_record_was_passed_over: TILED,
    an_action_is_gone: "the published actions are those of the replay, in its order",
    two_actions_are_in_the_other_order: "the published actions are those of the replay, in its"
    " order",
    a_profile_is_another: STATE,
    nothing_is_served: "what is served is what was decided last",
    an_action_was_not_published: "every recorded action is published",
    a_counter_was_lost: COUNTS,
    a_timer_was_lost: TIMERS,
    a_row_tells_another_time_of_receipt: ITS_EVENT,
    a_dead_letter_has_another_key: ITS_RECORD,
    an_event_was_not_sent_on: SENT_ON,
    an_event_was_sent_on_with_another_header: AS_IT_CAME,
    an_event_was_sent_on_again_as_another: SAME_AGAIN,
    an_event_was_sent_on_that_lay_where_it_belongs: SENT_ON,
    two_events_were_sent_on_in_the_other_order: IN_ORDER,
    the_fence_is_ahead: "the fence stands where the plans end",
}


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_a_run_that_was_spoilt_breaks_the_law(kept: Left, spoil: Callable[[Left], None]) -> None:
    left = kept.copy()
    spoil(left)
    assert SPOILT[spoil] in broken(left).broken


def test_a_verdict_names_the_first_places_and_counts_the_others() -> None:
    verdict = Verdict()
    for place in ("a", "b", "c", "d", "e"):
        verdict.broke("a law", place)
    assert verdict.told() == ["a law: a; b; c; and 2 more"]
