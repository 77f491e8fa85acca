"""The topics: their names, sizes and number of partitions; made, described and checked."""

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its module does not list them
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from msgspec import Struct

from connectors.kafka.errors import QUIET
from connectors.kafka.topic_id import keep_once

PREFIX = "touchpoints."
ENRICHED = PREFIX + "enriched"
ACTIONS = PREFIX + "actions"
DEAD_LETTER = PREFIX + "dead-letter"
REPLAYED = PREFIX + "replayed"
"""Internal: which dead letters have been written again, one small record each, kept for good."""
FORWARD = PREFIX + "forward"
"""Internal: events on their way to the partition that their customer belongs to."""
DECIDED = PREFIX + "decided"
"""Internal: what was decided for somebody who asked, on its way to the customer's shard."""

BROADCAST = PREFIX + "broadcast"
"""Internal: what every shard is told, one copy in each partition."""

MAX_RECORD_BYTES = 1_048_588
"""Kafka's own default: a batch of 1 MiB and its framing."""
MAX_DEAD_LETTER_BYTES = MAX_RECORD_BYTES * 4 // 3 + 65_536
"""The largest input record in base64, and 64 KiB for what is said about it. A producer of dead
letters needs the same number as its `message.max.bytes`."""
MAX_FORWARD_BYTES = MAX_RECORD_BYTES + 65_536
"""The largest input record, and room for where it came from and the framing of its headers."""

ANSWER_S = 5.0
"""How long a broker may take to describe topics, the time to connect to it included."""
MAKE_S = 15.0
"""How long it may take to make them, and then until they are described."""
LOOK_AGAIN_S = 0.01


class TopicError(Exception):
    """The topics cannot be used as they are; the text says which, what was expected, what came."""


class Topic(Struct, frozen=True):
    """A topic of ours, as it should be."""

    name: str
    max_message_bytes: int = MAX_RECORD_BYTES
    compacted: bool = False
    """Whether the broker keeps the last record of each key, and for good."""
    internal: bool = False
    """Whether it is nobody else's to read or write."""


class FoundTopic(Struct, frozen=True):
    """A topic as the broker describes it."""

    name: str
    id: str
    """The broker's id, base64: another one when the topic was deleted and made again."""
    partitions: int
    max_message_bytes: int | None
    """None when the broker does not say."""


def channel_topic(channel: str) -> str:
    """The topic that one channel's events arrive on."""
    return PREFIX + channel


def input_topics(channels: Iterable[str]) -> tuple[str, ...]:
    """Names of what every shard reads: the channels' topics in the order given, what was forwarded,
    what all are told, and what was decided for somebody who asked."""
    return (*map(channel_topic, channels), FORWARD, BROADCAST, DECIDED)


def all_topics(channels: Iterable[str]) -> tuple[Topic, ...]:
    """Every topic, the channels' first, in the order given, and the internal ones last."""
    inputs = [Topic(channel_topic(channel)) for channel in channels]
    outputs = [Topic(ENRICHED), Topic(ACTIONS), Topic(DEAD_LETTER, MAX_DEAD_LETTER_BYTES)]
    internal = [
        Topic(FORWARD, MAX_FORWARD_BYTES, internal=True),
        Topic(BROADCAST, internal=True),
        Topic(REPLAYED, compacted=True, internal=True),
        Topic(DECIDED, internal=True),
    ]
    return (*inputs, *outputs, *internal)


def admin_client(config: Mapping[str, Any]) -> AdminClient:
    """Connects when it is first asked something."""
    # Failures come as exceptions; librdkafka's own lines on stderr would say them twice.
    settings: dict[str, Any] = {**QUIET, **config, "error_cb": lambda _: None}
    keep_once()
    return AdminClient(settings)


def create_topics(
    admin_config: Mapping[str, Any],
    channels: Iterable[str],
    partitions: int,
    catalogue: str = "",
) -> tuple[str, ...]:
    """Make what is missing, each topic with `partitions` partitions; return the names made, once
    a broker describes them. `catalogue` is the shop's own, if it has one ("" = none): however it is
    cut, it will do.

    Repeatable: what is there is left alone. Raises TopicError when an existing topic has another
    number of partitions (nothing is made then), when the broker refuses, or when it does not know
    of them after MAKE_S seconds; KafkaException when no broker answers.
    """
    admin = admin_client(admin_config)
    of_shop = [Topic(catalogue, compacted=True)] if catalogue else []
    wanted = [*all_topics(channels), *of_shop]
    found = _describe(admin, [topic.name for topic in wanted])
    cut = [topic for topic in found.values() if topic.name != catalogue]
    if other := _other_partitions(cut, partitions):
        raise TopicError("; ".join(other))
    new = [
        NewTopic(
            topic.name,
            num_partitions=partitions,
            config={
                "max.message.bytes": str(topic.max_message_bytes),
                **({"cleanup.policy": "compact"} if topic.compacted else {}),
            },
        )
        for topic in wanted
        if topic.name not in found
    ]
    if not new:
        return ()
    futures = admin.create_topics(new, operation_timeout=MAKE_S)
    made = tuple(name for name, future in futures.items() if _made(name, future))
    _await(admin, list(futures))
    return made


def ask_topics(admin: AdminClient, names: Iterable[str]) -> "dict[str, Future[Any]]":
    """Ask for a description of each; `answered` reads what comes. `admin` must live until then."""
    return admin.describe_topics(TopicCollection(list(names)), request_timeout=ANSWER_S)


def answered(name: str, answer: "Future[Any]") -> FoundTopic | None:
    """The topic, its size unknown; None when there is none.

    Waits for the answer. Raises KafkaException when no broker gives one.
    """
    # Asked, not raised: a traceback would hold the client, and with it the connection.
    failure = answer.exception()
    if failure is None:
        topic = answer.result()
        return FoundTopic(name, str(topic.topic_id), len(topic.partitions), None)
    if _code(failure) == KafkaError.UNKNOWN_TOPIC_OR_PART:
        return None
    raise failure


def find_topics(admin_config: Mapping[str, Any], names: Iterable[str]) -> dict[str, FoundTopic]:
    """Those of `names` that exist, sizes unknown. Raises KafkaException when no broker answers."""
    return _describe(admin_client(admin_config), names)


def topic_ids(admin_config: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """The broker's id of each topic in `names` that exists; a missing one is left out.

    Raises KafkaException when no broker answers.
    """
    return {name: topic.id for name, topic in find_topics(admin_config, names).items()}


def describe_topics(admin_config: Mapping[str, Any], names: Sequence[str]) -> list[FoundTopic]:
    """The topics of `names` that exist, sizes included, in the order of `names`.

    Raises KafkaException when no broker answers.
    """
    admin = admin_client(admin_config)
    found = _describe(admin, names)
    if not found:
        return []
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in found]
    for resource, future in admin.describe_configs(resources, request_timeout=ANSWER_S).items():
        entry = future.result().get("max.message.bytes")
        size = int(entry.value) if entry is not None and entry.value is not None else None
        topic = found[resource.name]
        found[topic.name] = FoundTopic(topic.name, topic.id, topic.partitions, size)
    return [found[name] for name in names if name in found]


def check_topics(
    admin_config: Mapping[str, Any], channels: Iterable[str], partitions: int
) -> list[str]:
    """What is wrong with the topics, a sentence each, with what to do; empty when all is as it
    should be.

    Raises KafkaException when no broker answers.
    """
    wanted = all_topics(channels)
    found = {topic.name: topic for topic in describe_topics(admin_config, [t.name for t in wanted])}
    small = [
        f"topic {t.name}: expected max.message.bytes of at least {t.max_message_bytes}, got {size}:"
        " raise it with the tools of your Kafka"
        for t in wanted
        if t.name in found
        and (size := found[t.name].max_message_bytes) is not None
        and size < t.max_message_bytes
    ]
    missing = _missing([topic.name for topic in wanted if topic.name not in found])
    return [*missing, *_other_partitions(found.values(), partitions), *small]


def _describe(admin: AdminClient, names: Iterable[str]) -> dict[str, FoundTopic]:
    found = [answered(name, answer) for name, answer in ask_topics(admin, names).items()]
    return {topic.name: topic for topic in found if topic is not None}


def _missing(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    do, them = ("does", "it") if len(names) == 1 else ("do", "them")
    return [f"{_named(names)} {do} not exist: `touchline topics create` makes {them}"]


def _other_partitions(found: Iterable[FoundTopic], partitions: int) -> list[str]:
    """A sentence for each other number."""
    by_number: dict[int, list[str]] = {}
    for topic in found:
        by_number.setdefault(topic.partitions, []).append(topic.name)
    return [
        f"{_named(names)} {'has' if len(names) == 1 else 'have'} {_counted(number)}, expected "
        f"{partitions} (TOUCHLINE_PARTITIONS): "
        + (
            f"set TOUCHLINE_PARTITIONS={number}"
            if len(by_number) == 1
            else "the number is fixed for life, as a shard's state lives with its partition; delete"
            " what nobody needs any more, and `touchline topics create` makes it anew"
        )
        for number, names in by_number.items()
        if number != partitions
    ]


def _named(names: Sequence[str]) -> str:
    return f"topic{'' if len(names) == 1 else 's'} {', '.join(names)}"


def _counted(partitions: int) -> str:
    return f"{partitions} partition{'' if partitions == 1 else 's'}"


def _await(admin: AdminClient, names: Sequence[str]) -> None:
    """Until they are described: a controller says that topics are made before brokers have heard of
    them, which takes one that is busy a tenth of a second."""
    deadline = time.monotonic() + MAKE_S
    while unknown := set(names) - _describe(admin, names).keys():
        if time.monotonic() > deadline:
            made = f"{_named(sorted(unknown))} {'was' if len(unknown) == 1 else 'were'} made"
            raise TopicError(f"{made}, but after {MAKE_S:.0f} s no broker knows of that: run again")
        time.sleep(LOOK_AGAIN_S)


def _made(name: str, future: "Future[None]") -> bool:
    failure = future.exception()
    if failure is None:
        return True
    # Somebody else may have made it in between; then it is there, which is all we want.
    if _code(failure) == KafkaError.TOPIC_ALREADY_EXISTS:
        return False
    raise TopicError(f"topic {name} was not made: {failure}") from failure


def _code(failure: BaseException) -> int | None:
    return failure.args[0].code() if isinstance(failure, KafkaException) else None
