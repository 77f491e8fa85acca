"""A decision explained from its record, which Kafka or a file has. Nothing is written anywhere."""

import sys
import time

import click
import orjson
from confluent_kafka import KafkaException

from connectors.kafka.edges import offsets_since
from connectors.kafka.murmur2 import partition_of
from connectors.kafka.to_end import ToEnd, Unread
from connectors.kafka.topics import ACTIONS, find_topics
from decisions.offering.logged import Logged
from decisions.offering.recheck import retell, wrong_id
from decisions.offering.record import DECIDED
from flows.clients import check_kafka
from flows.commands.explain.logged_page import document, lines
from flows.commands.explain.picking import Picked, records_in
from flows.commands.kafka_trouble import kafka_trouble
from flows.commands.nearby import nearby_settings
from flows.commands.progress import telling
from flows.settings import SettingsError

UNLIKE = 3
"""Exit code: the record does not reproduce itself."""


def explain_kafka(
    customer: str,
    decision_id: str,
    age_ms: int | None,
    bootstrap_servers: str | None,
    *,
    as_json: bool,
) -> None:
    """Of a decision for `customer`, from their partition of touchpoints.actions."""
    if trouble := wrong_id(decision_id, customer):
        raise click.ClickException(f"--decision: {trouble}")
    address = bootstrap_servers or ""
    try:
        settings = nearby_settings(bootstrap_servers)
        address = bootstrap_servers or settings.kafka_bootstrap_servers
        config = {**settings.kafka_config, "bootstrap.servers": address}
        check_kafka(config)
        picked = _read_kafka(config, customer, decision_id, age_ms)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    except (KafkaException, Unread) as failure:
        raise click.ClickException(kafka_trouble(address, failure)) from None
    except ValueError as wrong:
        raise click.ClickException(f"{ACTIONS}: decision {decision_id}: {wrong}") from None
    missing = (
        f"--decision: Kafka at {address} has no record of {decision_id}"
        + ("" if age_ms is None else "; look further back with --since")
        + f"; what is older than the retention of {ACTIONS} stands in the warehouse: `touchline "
        f"warehouse sql --format json \"from actions where body ->> '$.decision_id' = "
        f"'{decision_id}'\" | touchline explain --record - --decision {decision_id}`"
    )
    _tell(ACTIONS, picked, customer, missing, as_json=as_json)


def _read_kafka(
    config: dict[str, str], customer: str, decision_id: str, age_ms: int | None
) -> Picked:
    """What the customer's partition holds about it, to the end that it has when that is read: what
    became of a decision comes after it."""
    topic = find_topics(config, [ACTIONS]).get(ACTIONS)
    if topic is None:
        raise click.ClickException(
            f"Kafka at {config['bootstrap.servers']} has no topic {ACTIONS}: `touchline topics "
            "create` makes it"
        )
    place = (ACTIONS, partition_of(customer, topic.partitions))
    starts = {place: 0}
    if age_ms is not None:
        starts = offsets_since(config, [place], time.time_ns() // 1_000_000 - age_ms)
    picked = Picked(decision_id)
    read = 0
    with telling() as tell:
        for batch in ToEnd(config, starts).batches():
            picked.take(message.value() or b"" for message in batch)
            read += len(batch)
            tell("actions", read)
    return picked


def explain_file(
    path: str, decision_id: str | None, customer: str | None, *, as_json: bool
) -> None:
    """Of a decision in a file; "-" is stdin."""
    picked = Picked(decision_id)
    source = "stdin" if path == "-" else path
    for number, record in enumerate(records_in(path), 1):
        try:
            picked.take([record])
        except ValueError as wrong:
            raise click.ClickException(f"{source}, record {number}: {wrong}") from None
    named = f" with the id {decision_id}" if decision_id else ""
    others = f"; got {', '.join(picked.others)}" if picked.others else ""
    missing = f"{source}: expected a record of kind {DECIDED}{named}, found none{others}"
    _tell(source, picked, customer, missing, as_json=as_json)


def _tell(
    source: str, picked: Picked, customer: str | None, missing: str, *, as_json: bool
) -> None:
    """Prints the decision; without one `missing` is said."""
    try:
        found = list(picked.decisions())
        decision = _only(source, found, missing)
        answers = picked.answers(decision)
    except ValueError as wrong:
        raise click.ClickException(f"{source}: {wrong}") from None
    if customer not in (None, decision.customer_id):
        raise click.ClickException(
            f"{source}: expected a decision for {customer!r}, got one for {decision.customer_id!r}"
        )
    told = retell(decision)
    copies = len(found)
    if as_json:
        click.echo(orjson.dumps(document(told, answers, copies)))
    else:
        for line in lines(told, answers, copies):
            click.echo(line)
    if told.remarks or copies > 1:
        sys.exit(UNLIKE)


def _only(source: str, found: list[Logged], missing: str) -> Logged:
    if not found:
        raise click.ClickException(missing)
    if len(ids := dict.fromkeys(one.id for one in found)) > 1:
        raise click.ClickException(
            f"{source}: expected one decision, or --decision to say which; got {len(ids):,}, such "
            f"as {', '.join(list(ids)[:3])}"
        )
    return found[0]
