"""`touchline explain`: why a customer is offered what they are offered, now or by the log."""

from datetime import datetime

import click

from flows.commands.customer_id import customer_id
from flows.commands.explain.logged import explain_file, explain_kafka
from flows.commands.explain.now import Asked, explain_now
from flows.commands.explain.option_types import decision
from flows.commands.option_types import TIMES, FilledPath, age, kafka_servers, redis_url


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("customer", metavar="[ID]", callback=customer_id, required=False)
@click.option("--offer", metavar="OFFER", help="Only this one.")
@click.option(
    "--at",
    type=click.DateTime(TIMES),
    metavar="TIME",
    help="When, if nothing happens before: a date or a time in UTC, such as 2026-11-27T08:00:00Z; "
    "not before the customer's last decision.  [default: now]",
)
@click.option(
    "--redis-url", metavar="URL", callback=redis_url, help="Instead of TOUCHLINE_REDIS_URL."
)
@click.option(
    "--playbook",
    type=FilledPath(),
    metavar="FILE",
    help="Whose offers are explained, instead of TOUCHLINE_PLAYBOOK.",
)
@click.option(
    "--partitions", type=click.IntRange(1, 1024), help="Instead of TOUCHLINE_PARTITIONS (16)."
)
@click.option(
    "--decision",
    "decision_id",
    metavar="DECISION",
    callback=decision,
    help="A decision that was made for ID, from its record in Kafka.",
)
@click.option(
    "--since",
    "age_ms",
    metavar="AGE",
    callback=age,
    help="With --decision: look for it from so long ago on, such as 90s, 10m, 12h, 7d.  "
    "[default: all that Kafka has]",
)
@click.option(
    "--bootstrap-servers",
    metavar="HOST:PORT",
    callback=kafka_servers,
    help="With --decision: instead of TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS.",
)
@click.option(
    "--record",
    type=FilledPath(dir_okay=False),
    metavar="FILE",
    help="A decision from a file with its record, or with one record a line, of which --decision "
    "picks one; - is stdin.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def command(
    customer: str | None,
    offer: str | None,
    at: datetime | None,
    redis_url: str | None,
    playbook: str | None,
    partitions: int | None,
    decision_id: str | None,
    age_ms: int | None,
    bootstrap_servers: str | None,
    record: str | None,
    as_json: bool,
) -> None:
    """Say of each offer why the customer ID is served it, or where it stops.

    The code of the flow chooses once more, from a copy of what is kept of them, and tells what it
    did: the stage at which an offer stops (dates, stock, budget, control, arm, consent, interest,
    eligible, applicable, suitable, answered, capped, quiet, weight, cost, fallback, rival,
    outranked), with the condition and its values; or served, with the terms of its score and its
    rank. Nothing is changed anywhere. With another playbook than the flow's one sees what that
    would do.

    With --decision or --record: what was decided then, from its record alone, whatever has
    happened since: its terms, its rank and what came before and after it, why, what became of it;
    and whether the score, the order and the id follow from the record. In a file, or from stdin,
    may be what `touchline tail --json` or `touchline warehouse sql --format json` print of it.

    Exit codes: 0 told, 1 nothing is known of them, no such offer or decision, a time that is past,
    a wrong playbook, record or wrong settings, or Kafka does not answer, 2 wrong options, or Redis
    does not answer, 3 the record of a decision does not reproduce itself.

    \b
    Examples:
      touchline explain c-000001
      touchline explain c-000001 --offer welcome
      touchline explain c-000001 --at 2026-12-24T18:00:00Z
      touchline explain c-000001 --playbook next.yaml --json
      touchline explain c-000001 --decision 1f0c22a03f9d5c4e8a6b7d10c2f1a95e --since 2d
      touchline tail --customer c-000001 --kind offer.decided --since 2d --limit 1 --json |
        touchline explain --record -
    """
    asked = Asked(offer, at, redis_url, playbook, partitions)
    of_log = decision_id is not None or record is not None
    for name, given in zip(asked._fields, asked, strict=True):
        if of_log and given is not None:
            raise click.UsageError(
                f"--{name.replace('_', '-')} is about what would be served now, --decision and "
                "--record are about what was decided then; drop one of the two"
            )
    for name, of_kafka in (("since", age_ms), ("bootstrap-servers", bootstrap_servers)):
        if of_kafka is not None and (decision_id is None or record is not None):
            raise click.UsageError(f"--{name} is about a --decision that Kafka has; drop it")
    if record is not None:
        explain_file(record, decision_id, customer, as_json=as_json)
        return
    if customer is None:
        raise click.UsageError(
            "expected ID, the customer; only with --record it may be left out, as that names them"
        )
    if decision_id is not None:
        explain_kafka(customer, decision_id, age_ms, bootstrap_servers, as_json=as_json)
    else:
        explain_now(customer, asked, as_json=as_json)
