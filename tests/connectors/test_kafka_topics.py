"""Topics are made once, the same for all, and never silently with another shape."""

import gc
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # see there

from connectors.kafka import topics
from connectors.kafka.replayer import kept_for_good
from connectors.kafka.topics import (
    MAX_DEAD_LETTER_BYTES,
    TopicError,
    all_topics,
    check_topics,
    create_topics,
    describe_topics,
    topic_ids,
)

NAMES = ["touchpoints.click", "touchpoints.kiosk"]
OUTPUTS = ("touchpoints.enriched", "touchpoints.actions", "touchpoints.dead-letter")
INTERNAL = tuple(f"touchpoints.{name}" for name in ("forward", "broadcast", "replayed", "decided"))
ALL = (*NAMES, *OUTPUTS, *INTERNAL)
CHANNELS = ["click", "kiosk"]


def admin(servers: str) -> dict[str, str | int | float | bool]:
    return {"bootstrap.servers": servers}


def make(servers: str, *topics: NewTopic) -> None:
    client = AdminClient(admin(servers))
    for future in client.create_topics(list(topics)).values():
        future.result()


def test_the_largest_input_fits_a_dead_letter_in_base64() -> None:
    sizes = {topic.name: topic.max_message_bytes for topic in all_topics(CHANNELS)}
    assert tuple(sizes) == ALL
    assert sizes["touchpoints.dead-letter"] > sizes["touchpoints.click"] * 4 / 3 + 60_000


def test_the_largest_input_fits_the_topic_of_what_is_forwarded_with_its_headers() -> None:
    sizes = {topic.name: topic.max_message_bytes for topic in all_topics(CHANNELS)}
    assert sizes["touchpoints.forward"] > sizes["touchpoints.click"] + 60_000


def test_creating_topics_again_makes_nothing_and_keeps_their_ids(fresh_kafka: str) -> None:
    config = admin(fresh_kafka)
    assert sorted(create_topics(config, CHANNELS, 4)) == sorted(ALL)
    ids = topic_ids(config, ALL)
    assert sorted(ids) == sorted(ALL)
    assert len(set(ids.values())) == len(ALL)

    assert create_topics(config, CHANNELS, 4) == ()
    assert create_topics(config, [*CHANNELS, "chat"], 4) == ("touchpoints.chat",)
    assert topic_ids(config, ALL) == ids
    assert check_topics(config, CHANNELS, 4) == []


def hear_late(monkeypatch: pytest.MonkeyPatch, topic: str, looks: int) -> list[int]:
    """Brokers that do not know `topic` until they were asked `looks` times; how often they were."""
    ask, asked = topics.ask_topics, [0]

    def ask_in_vain(client: AdminClient, names: Iterable[str]) -> "dict[str, Future[Any]]":
        asked[0] += 1
        answers = ask(client, names)
        if asked[0] > looks:
            return answers
        unknown: Future[Any] = Future()
        unknown.set_exception(KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)))
        return {**answers, topic: unknown}

    monkeypatch.setattr(topics, "ask_topics", ask_in_vain)
    return asked


def test_topics_are_made_when_the_broker_that_is_asked_next_has_heard_of_them(
    fresh_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = hear_late(monkeypatch, "touchpoints.forward", looks=5)
    create_topics(admin(fresh_kafka), CHANNELS, 4)
    assert asked == [6]


def test_topics_of_which_brokers_never_hear_are_told(
    fresh_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear_late(monkeypatch, "touchpoints.forward", looks=1_000)
    monkeypatch.setattr(topics, "MAKE_S", 0.2)
    with pytest.raises(
        TopicError, match=r"^topic touchpoints\.forward was made, but after .* again$"
    ):
        create_topics(admin(fresh_kafka), CHANNELS, 4)


def test_only_what_has_been_replayed_is_kept_for_good(fresh_kafka: str) -> None:
    config = admin(fresh_kafka)
    create_topics(config, CHANNELS, 4)
    assert [name for name in ALL if kept_for_good(config, name)] == ["touchpoints.replayed"]


def test_an_existing_topic_of_another_partition_count_is_named_and_nothing_is_made(
    fresh_kafka: str,
) -> None:
    config = admin(fresh_kafka)
    make(fresh_kafka, NewTopic("touchpoints.kiosk", 3))
    with pytest.raises(TopicError, match=r"^topic touchpoints\.kiosk has 3 partitions, expected 4"):
        create_topics(config, CHANNELS, 4)
    assert list(topic_ids(config, ALL)) == ["touchpoints.kiosk"]


def test_check_names_what_is_missing_too_small_or_cut_otherwise(fresh_kafka: str) -> None:
    config = admin(fresh_kafka)
    make(
        fresh_kafka,
        NewTopic("touchpoints.click", 4),
        NewTopic("touchpoints.kiosk", 3),
        NewTopic("touchpoints.dead-letter", 4, config={"max.message.bytes": "1000"}),
    )
    missing, other, small = check_topics(config, CHANNELS, 4)
    assert missing == (
        "topics touchpoints.enriched, touchpoints.actions, touchpoints.forward, "
        "touchpoints.broadcast, touchpoints.replayed, touchpoints.decided do not exist: "
        "`touchline topics create` makes them"
    )
    assert other.startswith(
        "topic touchpoints.kiosk has 3 partitions, expected 4 (TOUCHLINE_PARTITIONS): "
        "the number is fixed for life"
    )
    assert small.startswith("topic touchpoints.dead-letter: expected max.message.bytes of at least")
    assert f"{MAX_DEAD_LETTER_BYTES}, got 1000: raise it" in small


def test_one_other_number_of_all_topics_is_said_once_with_the_setting_that_fits(
    fresh_kafka: str,
) -> None:
    config = admin(fresh_kafka)
    create_topics(config, CHANNELS, 1)
    (said,) = check_topics(config, CHANNELS, 8)
    assert said == (
        f"topics {', '.join(ALL)} have 1 partition, expected 8 (TOUCHLINE_PARTITIONS): "
        "set TOUCHLINE_PARTITIONS=1"
    )


def test_a_topic_that_is_missing_alone_is_told_alone(fresh_kafka: str) -> None:
    config = admin(fresh_kafka)
    create_topics(config, CHANNELS, 2)
    assert check_topics(config, [*CHANNELS, "chat"], 2) == [
        "topic touchpoints.chat does not exist: `touchline topics create` makes it"
    ]


def test_a_topic_made_again_has_another_id(fresh_kafka: str) -> None:
    config = admin(fresh_kafka)
    create_topics(config, CHANNELS, 4)
    before = topic_ids(config, NAMES)
    client = AdminClient(config)
    client.delete_topics(["touchpoints.click"])["touchpoints.click"].result()
    assert list(topic_ids(config, NAMES)) == ["touchpoints.kiosk"]
    create_topics(config, CHANNELS, 4)
    after = topic_ids(config, NAMES)
    assert after["touchpoints.click"] != before["touchpoints.click"]
    assert after["touchpoints.kiosk"] == before["touchpoints.kiosk"]


def test_topics_are_described_as_they_are(fresh_topics: str) -> None:
    (found,) = describe_topics(admin(fresh_topics), ["touchpoints.dead-letter", "nothing"])
    assert (found.partitions, found.max_message_bytes) == (16, MAX_DEAD_LETTER_BYTES)


def test_no_broker_is_an_error_and_not_an_empty_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.kafka.topics.ANSWER_S", 0.2)
    with pytest.raises(KafkaException):
        topic_ids(admin("127.0.0.1:1"), NAMES)


def test_to_ask_for_ids_again_and_again_keeps_no_more_of_them(kafka: str) -> None:
    """A flow asks every few seconds, for as long as it lives."""
    create_topics(admin(kafka), CHANNELS, 1)

    def ids_in_memory() -> int:
        gc.collect()
        return sum(type(thing).__name__ == "Uuid" for thing in gc.get_objects())

    topic_ids(admin(kafka), NAMES)
    before = ids_in_memory()
    for _ in range(20):
        topic_ids(admin(kafka), NAMES)
    assert 0 < ids_in_memory() <= before
