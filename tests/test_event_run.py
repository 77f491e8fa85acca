"""What a real run publishes of the events that producers test with, against the JSON Schemas."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import redis
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from msgspec import structs
from ruamel.yaml import YAML

from connectors.kafka.topics import ACTIONS, DEAD_LETTER, ENRICHED, channel_topic
from connectors.published.record_types import read_dead_letter
from connectors.published.schema_bodies import BODIES
from flows.settings import Settings
from tests.event_docs import EVENTS, ROOT, schemas
from tests.event_fixtures import INVALID, VALID
from tests.flows.running_up import REAL, ready, up
from tests.json_schema import Judge

WAIT_S = 60
SCHEMAS = schemas()
MORE = {
    "Order Completed": {"total": 1500},
    "Kiosk Transaction Failed": {"kiosk_id": "k-3", "store": "Berlin"},
}
"""What moves a customer enough for an alert, and into a segment or out of one."""


EVERYTHING = {
    "event": "Kiosk Transaction Failed",
    "severity": "info",
    "cooldown": "1s",
    "message": "Something failed",
    "until": 'event.name == "Order Completed"',
    "escalate": {"after": "1s"},
    "actions": [
        {"action": "webhook", "url": "https://crm.example/failed"},
        {"action": "email.request", "template": "sorry"},
        {"action": "lead.route", "table": "sales", "region": "'DE'", "score": "1.0"},
        {"action": "ticket.request", "queue": "stores", "subject": "It fails", "text": "Look"},
        {"action": "push.request", "template": "sorry"},
    ],
}
"""An alert that asks for much, stands until there is an order, and soon is urgent."""
SHORT = {
    "title": "A second",
    "event": "Order Completed",
    "steps": [{"wait": "1s"}, {"action": "log", "message": "It is over"}],
}
"""A journey that is soon over."""
ROWS = len(VALID) + 4 * len(MORE) + 3
"""Accepted events: the valid ones, those that are sent thrice and once misplaced, three later."""
LATER = ({"alert": "everything"}, {"kiosk_id": "k-4", "store": "Berlin"})


def playbook(folder: Path) -> str:
    """The retail example, and what leads to actions of every kind."""
    retail = YAML(typ="safe").load(ROOT / "playbooks/retail.yaml")
    del retail["tests"]
    retail["alerts"]["everything"] = EVERYTHING
    retail["journeys"]["short"] = SHORT
    file = folder / "everything.yaml"
    file.write_text(json.dumps(retail, default=str))
    return str(file)


class Run(NamedTuple):
    """What came of it all: values of records with a key, and of the serving keys."""

    enriched: list[bytes]
    actions: list[bytes]
    letters: list[bytes]
    served: list[bytes]
    customer: str
    """What the documented command said of the customer."""


def example(name: str) -> str:
    """A code block of docs/events.md."""
    (found,) = re.findall(
        rf"<!-- example: {name} -->\n```\w+\n(.*?)```", EVENTS.read_text(), re.DOTALL
    )
    return str(found)


def ended(*arguments: str) -> str:
    """What a Python program says, which must end well."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("TOUCHLINE_")},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def send_bad_and_more(kafka: str) -> None:
    """Every invalid event, a record without a value, a misplaced one; then what raises an alert."""
    producer = Producer({"bootstrap.servers": kafka, "partitioner": "murmur2_random"})
    headers: list[tuple[str, str | bytes | None]] = [("trace", b"\x00\xff"), ("none", None)]
    for bad in INVALID:
        producer.produce(channel_topic(bad.channel), bad.value, key="ann", headers=headers)
    producer.produce(channel_topic("click"), None, key="ann")
    for number in range(3):
        for name, properties in MORE.items():
            event = {
                "messageId": f"more-{name}-{number}",
                "type": "track",
                "event": name,
                "userId": "ann",
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "properties": properties,
            }
            producer.produce(channel_topic("kiosk"), json.dumps(event), key="ann")
            wrong = json.dumps(event | {"messageId": f"misplaced-{name}-{number}"})
            if not number:
                producer.produce(channel_topic("kiosk"), wrong, key="somebody else")
    assert producer.flush(WAIT_S) == 0


def send_later(kafka: str, name: str, properties: dict[str, str]) -> None:
    """One more of the customer's."""
    producer = Producer({"bootstrap.servers": kafka, "partitioner": "murmur2_random"})
    event = {
        "messageId": f"later-{name}",
        "type": "track",
        "event": name,
        "userId": "ann",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "properties": properties,
    }
    producer.produce(channel_topic("kiosk"), json.dumps(event), key="ann")
    assert producer.flush(WAIT_S) == 0


def served_to_ann(client: "redis.Redis") -> str:
    """The id of a decision for her."""
    document = client.get("touchline:offers:ann")
    assert isinstance(document, bytes)
    return str(json.loads(document)["offers"][0]["decision_id"])


def read(kafka: str, topic: str, enough: Callable[[list[bytes]], bool]) -> list[bytes]:
    """Values of the records with a key, once they are enough; plans have none."""
    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": "reader", "isolation.level": "read_committed"}
    )
    partitions = range(Settings().partitions)
    consumer.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for n in partitions])
    values: list[bytes] = []
    deadline = time.monotonic() + WAIT_S
    while not enough(values):
        assert time.monotonic() < deadline, f"{topic}: {len(values)} records are not all"
        message = consumer.poll(0.2)
        if message is not None and message.error() is None and message.key() is not None:
            value = message.value()
            assert value is not None
            values.append(value)
    consumer.close()
    return values


def many(number: int) -> Callable[[list[bytes]], bool]:
    return lambda values: len(values) >= number


def kinds(actions: list[bytes]) -> set[str]:
    return {json.loads(value)["kind"] for value in actions}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("run")
    env = {"TOUCHLINE_PLAYBOOK": playbook(folder)}
    with up(folder, "--json", program=REAL, env=env) as process:
        line = ready(process)
        kafka = line["bootstrap_servers"]
        port = str(urlsplit(line["redis_url"]).port)
        ended("-c", example("send").replace("127.0.0.1:19092", kafka))
        send_bad_and_more(kafka)
        letters = read(kafka, DEAD_LETTER, many(len(INVALID) + 1))
        # The alert stands for a second, since it was silent after the one before, and is looked at.
        read(kafka, ACTIONS, lambda values: "alert.cleared" in kinds(values))
        time.sleep(1.5)
        send_later(kafka, "Kiosk Transaction Failed", LATER[1])
        read(kafka, ACTIONS, lambda values: "alert.escalated" in kinds(values))
        send_later(kafka, "Alert Acknowledged", LATER[0])
        client = redis.Redis(port=int(port))
        send_later(kafka, "Offer Shown", {"decision_id": served_to_ann(client)})
        enriched = read(kafka, ENRICHED, many(ROWS))
        actions = read(kafka, ACTIONS, lambda values: kinds(values) == BODIES.keys())
        (command,) = re.findall(r"^\.venv/bin/touchline (.*)$", EVENTS.read_text(), re.MULTILINE)
        words = [*command.split(), "--redis-url", line["redis_url"]]
        customer = ended("-m", "flows.cli", *words)
        served = [client.get(key) for key in client.scan_iter("touchline:offers:*")]
        kept = [value for value in served if isinstance(value, bytes)]
        process.terminate()
        yield Run(enriched, actions, letters, kept, customer)


def errors(schema: str, values: list[bytes]) -> list[str]:
    judge = Judge(SCHEMAS[schema])
    return [error for value in values for error in judge.errors(json.loads(value))]


def test_every_valid_event_counts_and_its_record_is_as_the_schema_says(run: Run) -> None:
    assert len(run.enriched) == ROWS
    assert errors("enriched", run.enriched) == []


def test_the_original_in_a_record_is_as_the_schema_of_its_channel_says(run: Run) -> None:
    for value in run.enriched:
        record: dict[str, Any] = json.loads(value)
        assert Judge(SCHEMAS[record["channel"]]).errors(record["original"]) == []


def test_actions_of_every_kind_are_as_the_schema_says(run: Run) -> None:
    assert errors("action", run.actions) == []
    assert kinds(run.actions) == set(BODIES)


def test_the_body_of_an_action_has_the_fields_of_its_type_and_no_others(run: Run) -> None:
    for value in run.actions:
        action = json.loads(value)
        fields = structs.fields(BODIES[action["kind"]])
        assert action["body"].keys() <= {field.name for field in fields}
        assert action["body"].keys() >= {field.name for field in fields if field.required}


def test_every_invalid_event_becomes_a_dead_letter_as_the_schema_says(run: Run) -> None:
    assert errors("dead-letter", run.letters) == []
    letters = [read_dead_letter(value) for value in run.letters]
    found = sorted((letter.topic, str(letter.reason), letter.value or b"") for letter in letters)
    sent = {(channel_topic(bad.channel), bad.reason, bad.value) for bad in INVALID}
    others = [one for one in found if one not in sent]
    assert len(found) - len(others) == len(INVALID)
    assert [reason for _, reason, _ in others] == ["tombstone"]


def test_what_is_served_is_as_the_schema_says(run: Run) -> None:
    assert run.served
    assert errors("offers", run.served) == []


def test_the_documented_command_shows_what_became_of_the_events(run: Run) -> None:
    for name in ("Product Viewed", "Kiosk Transaction Completed", "Email Opened"):
        assert name in run.customer


def test_a_schema_of_what_is_published_would_see_a_mistake(run: Run) -> None:
    """A field of each record is taken away, and one is made another type."""
    for schema, values in {
        "enriched": run.enriched,
        "action": run.actions,
        "dead-letter": run.letters,
        "offers": run.served,
    }.items():
        judge, record = Judge(SCHEMAS[schema]), json.loads(values[0])
        for name in record:
            assert not judge.passes({k: v for k, v in record.items() if k != name}), name
            assert not judge.passes(record | {name: True}), name
