"""What an experiment is judged by: who was seen in a period, and what became of them.

Everybody with an event is there, whatever was decided about them: who is held out has no
decisions, and is half of what is compared.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import duckdb

from connectors.warehouse.ask import Warehouse
from connectors.warehouse.query import BATCH_ROWS
from connectors.warehouse.reading import gone, quoted

Success = Literal["accepted", "clicked", "orders", "revenue"]


class Period(NamedTuple):
    """From `since` until before `until`, aware, by when an event was received or something decided.

    None: as far as the tables go.
    """

    since: datetime | None = None
    until: datetime | None = None


class Outcome(NamedTuple):
    """One customer who was seen."""

    customer_id: str
    value: float
    """1 for a success, or their revenue; 0 = nothing came of them."""


class Recorded(NamedTuple):
    """Decisions about one customer that say the same arm."""

    customer_id: str
    arm: str
    """"" = none."""
    decisions: int
    last_at: str
    """Of the last, RFC 3339."""


class Span(NamedTuple):
    """What the period holds."""

    events: int
    first_at: str | None
    last_at: str | None
    """When the first and the last were received, RFC 3339; None without events."""


# As state/fold/orders.py counts: the first of three amounts that is a number from 0 to 1e12; a
# kiosk's transaction is an order if it says one.
_NUMBERS: Final = "('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')"
_AMOUNT: Final = "coalesce({})".format(
    ", ".join(
        f"""case when json_type(original, '$.properties.{name}') in {_NUMBERS}
                  and (original ->> '$.properties.{name}')::double between 0 and 1e12
             then (original ->> '$.properties.{name}')::double end"""
        for name in ("total", "revenue", "value")
    )
)
_SALES: Final = (
    "'Order Completed', 'Kiosk Transaction Completed', 'Order Refunded', 'Order Cancelled'"
)
_ORDERED: Final = (
    "(event = 'Order Completed' or (event = 'Kiosk Transaction Completed' and amount is not null))"
)


def span(warehouse: Warehouse, period: Period) -> Span:
    """Of the events. Raises WarehouseUnavailable when a file went meanwhile."""
    moment = "strftime({}(received_at) at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')"
    (row,) = _rows(
        warehouse,
        f"""select count(*), {moment.format("min")}, {moment.format("max")}
            from touchpoints_rows where {_within(period, "received_at")}""",  # noqa: S608 - no text of a user's
    )
    return Span(*row)


def outcomes(warehouse: Warehouse, period: Period, success: Success) -> Iterator[Outcome]:
    """Everybody seen, each once. Raises WarehouseUnavailable when a file went meanwhile."""
    for row in _rows(
        warehouse,
        f"""with seen as (
              select distinct customer_id from touchpoints_rows
              where {_within(period, "received_at")}
            ), found as ({_values(period, success)})
            select customer_id, coalesce(value, 0) from seen left join found using (customer_id)
            """,  # noqa: S608 - no text of a user's
    ):
        yield Outcome(*row)


def _values(period: Period, success: Success) -> str:
    """Of each customer of whom something came."""
    if success in ("accepted", "clicked"):
        return f"""select customer_id, 1::double as value from actions
                   where kind = 'offer.answered' and body ->> '$.answer' = '{success}'
                     and {_within(period, "decided_at")} group by customer_id"""  # noqa: S608 - no text of a user's
    sales = f"""(select customer_id, event, {_AMOUNT} as amount from touchpoints
                 where event in ({_SALES}) and {_within(period, "received_at")})"""  # noqa: S608 - no text of a user's
    if success == "orders":
        return f"""select customer_id, 1::double as value from {sales}
                   where {_ORDERED} group by customer_id"""  # noqa: S608 - no text of a user's
    return f"""select customer_id,
                 sum(case when {_ORDERED} then amount else -amount end) as value
               from {sales} group by customer_id"""  # noqa: S608 - no text of a user's


def recorded(warehouse: Warehouse, period: Period, experiment: str) -> Iterator[Recorded]:
    """Which arm each `offer.decided` says. Raises WarehouseUnavailable as `outcomes` does."""
    path = quoted(f'$.arms."{experiment}"')
    for row in _rows(
        warehouse,
        f"""select customer_id, coalesce(body ->> {path}, '') as arm, count(*),
              strftime(max(decided_at) at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')
            from actions where kind = 'offer.decided' and {_within(period, "decided_at")}
            group by customer_id, arm""",  # noqa: S608 - an id of the playbook, quoted
    ):
        yield Recorded(*row)


def _within(period: Period, column: str) -> str:
    """A condition; on the day as well, which leaves whole folders unread."""
    said = ["true"]
    for moment, than in ((period.since, ">="), (period.until, "<")):
        if moment is not None:
            text = moment.isoformat()
            day = "<=" if than == "<" else than
            said += [f"{column} {than} '{text}'::timestamptz", f"date {day} '{text[:10]}'::date"]
    return " and ".join(said)


def _rows(warehouse: Warehouse, sql: str) -> Iterator[tuple[Any, ...]]:
    try:
        cursor = warehouse.connection.execute(sql)
        while batch := cursor.fetchmany(BATCH_ROWS):
            yield from batch
    except duckdb.IOException as trouble:
        raise gone(warehouse.url, trouble) from None
