"""Offers for who asks with a context: answered, counted once, attributed, whatever is killed."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import orjson
import pytest
import redis
from confluent_kafka import Producer
from msgspec import structs

from connectors.events.dead_letter import Reason
from connectors.kafka.murmur2 import partition_of
from connectors.kafka.topics import ACTIONS, DEAD_LETTER, DECIDED, channel_topic, create_topics
from connectors.published.record_types import (
    ActionRecord,
    read_action,
    read_dead_letter,
    read_offers,
)
from state.profile import Profile
from state.times import rfc3339
from tests.brokers.kafka_broker import KafkaBroker
from tests.brokers.redis_server import RedisServer
from tests.faults.asking import DIES, ask, post, running
from tests.faults.conftest import CHANNELS, on_all_servers
from tests.faults.laws.judge import judge
from tests.faults.test_real_kafka import now_ms
from tests.faults.watching import until
from tests.faults.world import PARTITIONS, World

PLAYBOOK = Path(__file__).with_name("asked.yaml")
SHOES: dict[str, Any] = {"category": "shoes", "price": 50}


@pytest.fixture
def asked(world: World) -> World:
    """A world whose offers wait to be asked for."""
    return structs.replace(world, playbook=PLAYBOOK)


@pytest.fixture
def breakable(real_kafka: KafkaBroker, real_redis: RedisServer) -> World:
    """The same on servers that a test may kill."""
    create_topics({"bootstrap.servers": real_kafka.bootstrap_servers}, CHANNELS, PARTITIONS)
    return World(real_kafka.bootstrap_servers, real_redis.redis_url, playbook=PLAYBOOK)


def actions(world: World, kind: str) -> list[ActionRecord]:
    found = [read_action(logged.value) for logged in world.log(ACTIONS)]
    return [one for one in found if one.kind == kind]


def known(world: World, customer_id: str) -> Profile:
    return world.profiles().get(customer_id, Profile())


def counted(world: World, outcome: str = "applied") -> int:
    return world.counters().get(f"asked:{outcome}", 0)


def send(world: World, customer_id: str, event: str, **properties: Any) -> None:
    producer = Producer(
        {"bootstrap.servers": world.bootstrap_servers, "partitioner": "murmur2_random"}
    )
    body = {
        "messageId": f"m-{event}-{properties}"[:128],
        "type": "track",
        "event": event,
        "userId": customer_id,
        "timestamp": rfc3339(now_ms()),
        "properties": properties,
    }
    producer.produce(channel_topic("click"), orjson.dumps(body), customer_id)
    assert producer.flush(10) == 0


@on_all_servers
def test_what_is_answered_is_published_as_it_was_counted_for_caps_and_attributed(
    asked: World,
) -> None:
    with running(asked, "touchpoints"), running(asked, "decide") as api:
        answer = ask(api["url"], "ann", **SHOES)
        document = read_offers(answer.raw)
        assert (answer.status, answer.offers) == (200, ["laces", "polish"])
        until(lambda: counted(asked) == 1, "it is counted")
        decided = {one.id: one for one in actions(asked, "offer.decided")}
        assert list(decided) == [one.decision_id for one in document.offers]
        for offer in document.offers:
            body = decided[offer.decision_id].body
            assert {name: body[name] for name in body.keys() & structs.asdict(offer).keys()} == {
                name: value
                for name, value in answer.document["offers"][offer.rank - 1].items()
                if name in body
            }
            assert decided[offer.decision_id].decided_at == document.as_of
        assert len(ask(api["url"], "ann", **SHOES).offers) == 1, "the cap has room for one more"
        assert ask(api["url"], "ann", **SHOES).offers == []
        assert ask(api["url"], "bob").offers == []
        first = document.offers[0]
        send(asked, "ann", "Offer Accepted", decision_id=first.decision_id)
        until(lambda: len(actions(asked, "offer.answered")) == 1, "the answer has come")
        (said,) = actions(asked, "offer.answered")
        assert (said.body["decision_id"], said.body["answer"]) == (first.decision_id, "accepted")
        until(lambda: counted(asked) == 2, "the other is counted")
        (contact,) = known(asked, "ann").contacts.values()
        assert len(contact.times) == 3
    assert judge(asked.place).told() == []


def test_the_same_request_is_given_the_same_and_counts_once(asked: World) -> None:
    with running(asked, "touchpoints"), running(asked, "decide") as api:
        first = ask(api["url"], "ann", "r-1", **SHOES)
        assert ask(api["url"], "ann", "r-1", **SHOES).raw == first.raw
        until(lambda: counted(asked) == 1, "it is counted")
        before = known(asked, "ann")
        assert ask(api["url"], "ann", "r-1", category="hats").raw == first.raw
        until(lambda: counted(asked, "repeated") == 2, "the repeats are passed over")
        assert known(asked, "ann") == before
        assert len(actions(asked, "offer.decided")) == 2
        assert ask(api["url"], "bob", "r-1", **SHOES).raw != first.raw
        # Its answer forgotten, it is known that there was one.
        client = redis.Redis.from_url(asked.redis_url)
        client.delete(*client.keys("touchline:asked:*"))
        again = ask(api["url"], "ann", "r-1", **SHOES)
        assert (again.status, again.document["error"]["code"]) == (409, "repeated")
        assert "more than 120 s ago" in again.document["error"]["message"]


def test_asking_changes_nothing_until_the_decision_is_applied(asked: World) -> None:
    client = redis.Redis.from_url(asked.redis_url)

    def stored() -> dict[bytes, bytes | None]:
        return {
            key: client.dump(key)
            for key in client.keys("*")
            if isinstance(key, bytes) and not key.startswith(b"touchline:asked:")
        }

    with running(asked, "touchpoints"):
        send(asked, "ann", "Page Viewed")
        until(lambda: known(asked, "ann").last_at > 0, "she is known")
    before = stored()
    with running(asked, "decide") as api:
        for number in range(3):
            assert ask(api["url"], "ann", f"r-{number}", **SHOES).status == 200
            assert ask(api["url"], "somebody new", **SHOES).status == 200
    assert stored() == before
    with running(asked, "touchpoints"):
        until(lambda: counted(asked) == 4, "all that decided something are counted")
    assert len(known(asked, "ann").proposals) == 3


def test_questions_at_once_about_one_customer_do_not_exceed_a_cap(asked: World) -> None:
    with running(asked, "decide") as api, ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: ask(api["url"], "ann", **SHOES), range(60)))
    assert {answer.status for answer in answers} == {200}
    assert sum(len(answer.offers) for answer in answers) == 3


@pytest.mark.parametrize("written", [False, True])
def test_a_request_that_was_killed_is_given_what_was_decided_when_it_comes_again(
    asked: World, written: bool
) -> None:
    with (
        running(asked, "decide", DIES.format(after=written)) as api,
        pytest.raises((OSError, http.client.HTTPException)),
    ):
        ask(api["url"], "ann", "r-1", **SHOES)
    assert len(asked.log(DECIDED)) == written
    with running(asked, "decide") as api, running(asked, "touchpoints"):
        answer = ask(api["url"], "ann", "r-1", **SHOES)
        assert answer.offers == ["laces", "polish"]
        until(lambda: counted(asked) == 1, "it is counted")
        send(asked, "ann", "Offer Shown", decision_id=answer.document["offers"][0]["decision_id"])
        until(lambda: len(actions(asked, "offer.answered")) == 1, "the answer has come")
    ids = [one.id for one in actions(asked, "offer.decided")]
    assert ids == [one["decision_id"] for one in answer.document["offers"]]
    assert {logged.value for logged in asked.log(DECIDED)} == {asked.log(DECIDED)[0].value}
    assert len(asked.log(DECIDED)) == 1 + written


def test_who_does_not_wait_is_given_the_same_and_at_the_end_all_of_it_is_written(
    asked: World,
) -> None:
    with running(asked, "decide") as api:
        answers = [ask(api["url"], f"c-{n}", early=True, **SHOES) for n in range(20)]
        assert len(ask(api["url"], "c-0", early=True, **SHOES).offers) == 1, "it counts for caps"
    assert {tuple(answer.offers) for answer in answers} == {("laces", "polish")}
    with running(asked, "touchpoints"):
        until(lambda: counted(asked) == 21, "all are counted")
    published = {one.id for one in actions(asked, "offer.decided")}
    given = {one["decision_id"] for answer in answers for one in answer.document["offers"]}
    assert given < published
    assert len(published) == 41


def test_who_does_not_wait_is_not_answered_either_once_an_answer_is_lost(
    breakable: World, real_kafka: KafkaBroker
) -> None:
    with running(breakable, "decide") as api:
        customers = map("c-{}".format, count())

        def early() -> int:
            return ask(api["url"], next(customers), early=True, **SHOES).status

        assert early() == 200
        real_kafka.kill()
        until(lambda: early() == 503, "it says that Kafka is away")
        assert early() == 503, "and goes on to say so"
        assert metric(api, "touchline_decide_unwritten_total") > 0
        real_kafka.start()
        until(lambda: early() == 200, "it answers again")
        lost = metric(api, "touchline_decide_unwritten_total")
        assert early() == 200
        assert metric(api, "touchline_decide_unwritten_total") == lost


def metric(api: dict[str, Any], name: str) -> float:
    with urlopen(api["metrics_url"], timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name)))


def test_what_nobody_of_ours_wrote_is_a_dead_letter_with_a_reason(asked: World) -> None:
    producer = Producer({"bootstrap.servers": asked.bootstrap_servers})
    with running(asked, "decide") as api:
        ask(api["url"], "ann", **SHOES)
    (good,) = asked.log(DECIDED)
    for value, shard in ((b"{}", 0), (good.value, (good.partition + 1) % asked.partitions)):
        producer.produce(DECIDED, value, good.key, shard)
    assert producer.flush(10) == 0
    with running(asked, "touchpoints"):
        until(lambda: len(asked.log(DEAD_LETTER)) == 2 and counted(asked) == 1, "all are read")
    letters = [read_dead_letter(logged.value) for logged in asked.log(DEAD_LETTER)]
    assert {(one.topic, one.reason, one.stage) for one in letters} == {
        (DECIDED, Reason.INVALID, "decode"),
        (DECIDED, Reason.MISPLACED, "route"),
    }


CONTRACT = [
    ("GET", "", b"", 405, "wrong_method"),
    ("POST", "/v2/decide", b"{}", 404, "unknown_path"),
    ("POST", "", b"{", 400, "not_json"),
    ("POST", "", b"{}", 400, "invalid"),
    ("POST", "", b'{"customer_id":"","placement":"home"}', 400, "bad_id"),
    ("POST", "", b'{"customer_id":"ann","placement":"hom"}', 400, "unknown_placement"),
    ("POST", "", b'{"customer_id":"ann","context":' + b"[" * 99, 400, "too_deep"),
    ("POST", "", b" " * 40_000, 413, "too_large"),
]


def test_what_cannot_be_answered_is_named_and_the_next_request_is_answered(asked: World) -> None:
    with running(asked, "decide") as api:
        for method, path, body, status, code in CONTRACT:
            failed = post(api["url"], body, method, path)
            assert (failed.status, failed.document["error"]["code"]) == (status, code)
            assert failed.document["error"]["message"]
        assert post(api["url"], b"", "GET").headers["allow"] == "POST"
        # What is stored for her is no profile.
        shard = partition_of("ann", asked.partitions)
        client = redis.Redis.from_url(asked.redis_url)
        client.set(f"touchline:{{s{shard:02d}}}:c:ann", b"\xff")
        failed = ask(api["url"], "ann", **SHOES)
        assert (failed.status, failed.document["error"]["code"]) == (500, "failed")
        assert len(ask(api["url"], "bob", **SHOES).offers) == 2


def test_while_redis_or_kafka_is_away_nothing_is_answered_and_then_it_is(
    breakable: World, real_kafka: KafkaBroker, real_redis: RedisServer
) -> None:
    with running(breakable, "decide") as api:

        def given(code: str) -> bool:
            answer = ask(api["url"], "ann", "r-1", **SHOES)
            if answer.status == 200:
                return code == ""
            assert answer.status == 503
            assert answer.headers["retry-after"] == "1"
            assert answer.document["error"]["code"] in ("redis_away", "kafka_away")
            return bool(answer.document["error"]["code"] == code)

        real_redis.kill()
        until(lambda: given("redis_away"), "it says that Redis is away")
        real_redis.start()
        real_kafka.kill()
        until(lambda: given("kafka_away"), "it says that Kafka is away")
        real_kafka.start()
        until(lambda: given(""), "it answers again")
        assert ask(api["url"], "ann", "r-1", **SHOES).offers == ["laces", "polish"]
