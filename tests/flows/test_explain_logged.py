"""`touchline explain` tells a decision that was made from its record, in Kafka or in a file."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka.murmur2 import partition_of
from connectors.kafka.reader import Place
from connectors.kafka.topics import ACTIONS
from connectors.warehouse.tables import DECISIONS
from flows.commands.explain import command
from flows.commands.warehouse import command as warehouse
from state.decision_ids import decision_id
from tests.connectors.warehouse_samples import store
from tests.decisions.offering.logged import published
from tests.decisions.offering.shop import answer, offer, shop
from tests.decisions.someone import Someone

SHARD = partition_of("ann", 16)


@pytest.fixture
def ann() -> Someone:
    ann = shop("\n".join(offer(name, value) for name, value in (("tea", 4), ("cake", 3))))
    ann.customer_id = "ann"
    return ann


@pytest.fixture
def records(ann: Someone) -> list[bytes]:
    """Two decisions, of which the first was clicked and then accepted."""
    found = published(ann, ann.does("Page Viewed"))
    (clicked,) = published(ann, answer(ann, "Clicked", "tea"))
    (accepted,) = published(ann, answer(ann, "Accepted", "tea"))
    return [*found, clicked, accepted]


@pytest.fixture
def ids(records: list[bytes]) -> tuple[str, str]:
    """Of the two decisions."""
    first, second = (str(orjson.loads(record)["id"]) for record in records[:2])
    return first, second


def explain(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=stdin)


def told(*arguments: str, stdin: bytes | None = None) -> Any:
    done = explain(*arguments, "--json", stdin=stdin)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def write(servers: str, *records: bytes, partition: int = SHARD) -> None:
    producer = Producer({"bootstrap.servers": servers})
    for record in records:
        producer.produce(ACTIONS, record, "ann", partition=partition)
        assert producer.flush(20) == 0


@pytest.fixture
def kafka(fresh_topics: str, records: list[bytes]) -> list[str]:
    """Options that name a broker which has the records, one of them twice, beside what is none."""
    write(fresh_topics, b"none of ours", *records[:3], records[0], records[3])
    return ["--bootstrap-servers", fresh_topics]


# From Kafka


def test_a_decision_is_found_in_kafka_with_all_that_became_of_it(
    kafka: list[str], ids: tuple[str, str]
) -> None:
    found = told("ann", "--decision", ids[0], *kafka)
    assert (found["customer_id"], found["offer_id"], found["caused_by"]) == ("ann", "tea", "m-1")
    assert (found["score"], found["score_of_terms"], found["rank"]) == (4.0, 4.0, 1)
    assert [row["offer_id"] for row in found["eligible"]] == ["tea", "cake"]
    assert [(each["answer"], each["caused_by"]) for each in found["answers"]] == [
        ("clicked", "m-2"),
        ("accepted", "m-3"),
    ]
    assert (found["reproduces"], found["remarks"], found["unsaid"]) == (True, [], [])
    assert told("ann", "--decision", ids[1], "--since", "1h", *kafka)["answers"] == []


def test_nothing_is_written_and_no_group_is_known_afterwards(
    kafka: list[str], ids: tuple[str, str]
) -> None:
    def state() -> tuple[int, list[str]]:
        config: dict[str, Any] = {"bootstrap.servers": kafka[1], "group.id": "test"}
        consumer = Consumer(config)
        _, high = consumer.get_watermark_offsets(TopicPartition(ACTIONS, SHARD), timeout=10)
        consumer.close()
        groups = AdminClient(config).list_consumer_groups().result().valid
        return high, [group.group_id for group in groups]

    before = state()
    told("ann", "--decision", ids[0], *kafka)
    assert state() == before


def test_what_kafka_has_no_more_is_to_be_found_in_the_warehouse(
    fresh_topics: str, ids: tuple[str, str], records: list[bytes], tmp_path: Path
) -> None:
    done = explain("ann", "--decision", ids[0], "--bootstrap-servers", fresh_topics)
    assert done.exit_code == 1
    sql = f"from actions where body ->> '$.decision_id' = '{ids[0]}'"
    shown = f'`touchline warehouse sql --format json "{sql}" | touchline explain --record - '
    assert f"{shown}--decision {ids[0]}`" in done.stderr
    read = DECISIONS.reader()
    rows = [read(Place(ACTIONS, 0), record) for record in records]
    store(tmp_path / "w", actions=rows)
    asked = CliRunner().invoke(
        warehouse,
        ["sql", "--format", "json", sql],
        env={"TOUCHLINE_WAREHOUSE_URL": str(tmp_path / "w")},
    )
    assert asked.exit_code == 0, asked.output
    found = told("--record", "-", "--decision", ids[0], stdin=asked.stdout_bytes)
    assert (found["reproduces"], found["rank"], len(found["answers"])) == (True, 1, 2)


def test_a_younger_part_of_kafka_says_that_one_may_look_further_back(
    kafka: list[str], ids: tuple[str, str]
) -> None:
    done = explain(
        "ann", "--decision", decision_id("ann", bytes(12)).hex(), "--since", "1h", *kafka
    )
    assert (done.exit_code, "look further back with --since" in done.stderr) == (1, True)


def test_two_contents_of_one_id_are_told(
    kafka: list[str], ids: tuple[str, str], records: list[bytes]
) -> None:
    write(kafka[1], records[0].replace(b'"score":4.0', b'"score":5.0'))
    done = explain("ann", "--decision", ids[0], *kafka)
    assert done.exit_code == 3
    assert "id: expected one content, found 2; the first is told" in done.stdout


def test_an_id_is_checked_before_anything_is_read(ids: tuple[str, str]) -> None:
    nowhere = ("--bootstrap-servers", "127.0.0.1:1")
    for customer, given, said in (
        (
            "bob",
            ids[0],
            f"--decision: expected a decision for 'bob', got {ids[0]}, made for another",
        ),
        ("ann", "0" * 32, "--decision: expected one that Touchline has made, got '000"),
    ):
        done = explain(customer, "--decision", given, *nowhere)
        assert (done.exit_code, said in done.stderr) == (1, True), done.stderr
    done = explain("ann", "--decision", "xyz")
    assert (done.exit_code, "expected 32 hex digits in lower case, got 'xyz'" in done.stderr) == (
        2,
        True,
    )
    done = explain("ann", "--decision", ids[0], *nowhere)
    assert (done.exit_code, "no broker answers at 127.0.0.1:1" in done.stderr) == (1, True)


# From a file


@pytest.fixture
def lines(tmp_path: Path, records: list[bytes]) -> str:
    """A file of JSON lines."""
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"\n".join(records))
    return str(path)


def test_a_file_has_one_record_however_it_is_laid_out(records: list[bytes], tmp_path: Path) -> None:
    laid = orjson.dumps(orjson.loads(records[1]), option=orjson.OPT_INDENT_2)
    path = tmp_path / "record.json"
    for content in (records[1], records[1] + b"\n", laid):
        path.write_bytes(content)
        found = told("--record", str(path))
        assert (found["offer_id"], found["rank"]) == ("cake", 2)
        assert told("ann", "--record", "-", stdin=content) == found


def test_of_many_records_the_named_one_is_told_with_its_answers(
    lines: str, ids: tuple[str, str]
) -> None:
    assert len(told("--record", lines, "--decision", ids[0])["answers"]) == 2
    assert told("--record", lines, "--decision", ids[1])["answers"] == []


def test_in_words_the_decision_stands_among_what_it_was_chosen_of(
    lines: str, ids: tuple[str, str]
) -> None:
    done = explain("--record", lines, "--decision", ids[1])
    assert done.exit_code == 0
    said = done.stdout.splitlines()
    assert said[:2] == ["cake for ann in home on click", f"  decision {ids[1]}"]
    assert said[said.index("  rank 2 of 2") :] == [
        "  rank 2 of 2",
        "      1  tea in home on click: 4 (propensity 1, weight 1)",
        "    > 2  cake in home on click: 3 (propensity 1, weight 1)",
        "  what became of it",
        "    no answer is among what was read",
        "  check",
        "    the record reproduces itself: score, order and id",
    ]


def test_of_many_treatments_those_beside_it_are_shown() -> None:
    offers = [
        offer(f"o{n}", 9 - n, places="home: click" if n < 8 else "inbox: email") for n in range(9)
    ]
    someone = shop("\n".join(offers))
    best, _, last = published(someone, someone.does("Page Viewed"))
    said = explain("--record", "-", stdin=last).stdout.splitlines()
    begin = said.index("  rank 9 of 9") + 1
    assert [line.split(":")[0] for line in said[begin : begin + 5]] == [
        "       5 better ones",
        "      6  o5 in home on click",
        "      7  o6 in home on click",
        "      8  o7 in home on click",
        "    > 9  o8 in inbox on email",
    ]
    assert "       5 more" in explain("--record", "-", stdin=best).stdout.splitlines()
    assert len(told("--record", "-", stdin=best)["eligible"]) == 9


def test_a_record_that_does_not_reproduce_itself_ends_with_3_and_says_where(
    records: list[bytes],
) -> None:
    done = explain("--record", "-", stdin=records[1].replace(b'"value":3.0', b'"value":2.0'))
    assert done.exit_code == 3
    *_, head, remark = done.stdout.splitlines()
    assert head == "    THE RECORD DOES NOT REPRODUCE ITSELF"
    assert remark == "      score: expected 2.0 of its terms, got 3.0"


def test_an_older_record_is_told_as_far_as_it_goes(records: list[bytes]) -> None:
    found = orjson.loads(records[1])
    for name in ("group", "power", "weight", "lever", "cost", "arms", "eligible"):
        del found["body"][name]
    done = explain("--record", "-", stdin=orjson.dumps(found))
    assert done.exit_code == 0, done.output
    said = [line.strip() for line in done.stdout.splitlines()]
    assert "propensity 1, value 3: 3" in said
    assert said[-1] == "the record reproduces itself, as far as it says anything"
    assert [line.partition(": ")[0] for line in said[-4:-1]] == ["cannot be told"] * 3
    as_data = told("--record", "-", stdin=orjson.dumps(found))
    assert (as_data["rank"], as_data["eligible"], len(as_data["unsaid"])) == (None, None, 3)


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (b"", (), "stdin, record 1: expected a record of touchpoints.actions, got: Input data was"),
        (b"what?", (), "stdin, record 1: expected a record of touchpoints.actions, got: JSON is"),
        (b'{"kind":"x"}\n{', (), "stdin, record 2: expected a record of touchpoints.actions, got"),
        (
            b'{"kind":"alert.raised"}',
            (),
            "a record of kind offer.decided, found none; got alert.ra",
        ),
        (b'{"kind":"offer.decided"}', (), "got: Object missing required field `id`"),
        (b"{}", ("--decision", "0" * 32), "offer.decided with the id 000"),
    ],
)
def test_what_is_no_record_of_a_decision_is_said(
    content: bytes, arguments: tuple[str, ...], said: str
) -> None:
    done = explain("--record", "-", *arguments, stdin=content)
    assert (done.exit_code, said in done.stderr) == (1, True), done.stderr


def test_a_file_that_does_not_say_which_or_of_whom_is_said(
    lines: str, ids: tuple[str, str]
) -> None:
    for arguments, said in (
        (("--record", lines), "expected one decision, or --decision to say which; got 2, such as "),
        (
            ("bob", "--record", lines, "--decision", ids[0]),
            "expected a decision for 'bob', got one for 'ann'",
        ),
        (("--record", lines + "x"), "cannot be read: No such file or directory"),
    ):
        done = explain(*arguments)
        assert (done.exit_code, said in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "expected ID, the customer"),
        (("--decision", "0" * 32), "expected ID, the customer"),
        (
            ("ann", "--decision", "0" * 32, "--offer", "tea"),
            "--offer is about what would be served",
        ),
        (
            ("--record", "-", "--redis-url", "redis://x"),
            "--redis-url is about what would be served",
        ),
        (("ann", "--since", "1h"), "--since is about a --decision that Kafka has"),
        (("--record", "-", "--since", "1h"), "--since is about a --decision that Kafka has"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: tuple[str, ...], said: str) -> None:
    done = explain(*arguments)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
