"""The views that an analyst asks: each with its meaning and its SQL, over the tables' rows.

Rows never go from a table, so a message that a producer sent again after the window of duplicates
has two. The views count each id once; `touchpoints_rows` and `actions_rows` are
the tables as they are.
"""

from typing import NamedTuple

from connectors.warehouse.reading import FILE_PLACE
from connectors.warehouse.tables import DECISIONS, TABLES, TOUCHPOINTS, Table

STORED = "stored"
"""The schema of the tables as they lie there, with FILE_PLACE beside their columns."""


class ViewColumn(NamedTuple):
    """One column of a view, with its meaning."""

    name: str
    doc: str


class View(NamedTuple):
    """A view: what one row is, its columns in their order, and the query."""

    name: str
    doc: str
    columns: tuple[ViewColumn, ...]
    sql: str


def _all_rows(table: Table) -> View:
    return View(
        f"{table.name}_rows",
        f"The table {table.name} as it lies there: a repeated id as often as it came.",
        _columns(table),
        f"select * exclude ({', '.join(FILE_PLACE)}) from {STORED}.{table.name}",  # noqa: S608 - no text of a user's
    )


def _once(table: Table, first: str, doc: str) -> View:
    """The row that is first by `first`; `doc` says so.

    What is repeated is looked for by id alone, so that wide columns are read only of the rows that
    are asked for.
    """
    names = ", ".join(f'rows."{column.name}"' for column in table.columns)
    place = ", ".join(FILE_PLACE)
    return View(
        table.name,
        f"{table.doc} One row for each id: of a repeated one {doc}.",
        _columns(table),
        f"""select {names} from {STORED}.{table.name} as rows anti join (
              select {place} from (
                select {place}, row_number() over (
                  partition by id order by {first}, shard, {place}
                ) as nth
                from {STORED}.{table.name}
                where id in (
                  select id from {STORED}.{table.name} group by id having count(*) > 1
                )
              ) where nth > 1
            ) as later using ({place})""",  # noqa: S608 - no text of a user's
    )


def _columns(table: Table) -> tuple[ViewColumn, ...]:
    return tuple(ViewColumn(column.name, column.doc) for column in table.columns)


EVENTS = View(
    "events_by_channel_and_day",
    "How much came on each channel on each day.",
    (
        ViewColumn("day", "Day on which it happened, UTC, by the producer's clock."),
        ViewColumn("channel", "click, email, chat, kiosk or one more by configuration."),
        ViewColumn("events", "Events, each id once."),
        ViewColumn("customers", "Different customers among them."),
    ),
    """select cast(occurred_at at time zone 'UTC' as date) as day, channel, count(*) as events,
              count(distinct customer_id) as customers
       from touchpoints group by all order by day, channel""",
)

FUNNEL = View(
    "offer_funnel",
    "What became of each offer; a decision counts once at each step, however often or late it is "
    "answered.",
    (
        ViewColumn("offer_id", "The offer's id in the playbook."),
        ViewColumn("decided", "Decisions for it (actions of kind offer.decided)."),
        ViewColumn("shown", "Those with an event Offer Shown of their decision_id."),
        ViewColumn("clicked", "Those with an event Offer Clicked."),
        ViewColumn("accepted", "Those with an event Offer Accepted."),
        ViewColumn("dismissed", "Those with an event Offer Dismissed."),
        ViewColumn("shown_rate", "shown / decided, to 4 places."),
        ViewColumn("clicked_rate", "Share of those shown, to 4 places; null when none was shown."),
        ViewColumn("accepted_rate", "Likewise; what was never shown is in none of the shares."),
        ViewColumn("dismissed_rate", "Likewise."),
    ),
    """with answers as (
          select original ->> '$.properties.decision_id' as decision_id,
                 bool_or(event = 'Offer Shown') as shown,
                 bool_or(event = 'Offer Clicked') as clicked,
                 bool_or(event = 'Offer Accepted') as accepted,
                 bool_or(event = 'Offer Dismissed') as dismissed
          from touchpoints
          where event in ('Offer Shown', 'Offer Clicked', 'Offer Accepted', 'Offer Dismissed')
          group by decision_id
        )
        select body ->> '$.offer_id' as offer_id, count(*) as decided,
               count(*) filter (where answers.shown) as shown,
               count(*) filter (where answers.clicked) as clicked,
               count(*) filter (where answers.accepted) as accepted,
               count(*) filter (where answers.dismissed) as dismissed,
               round(avg(coalesce(answers.shown, false)::int), 4) as shown_rate,
               round(avg(answers.clicked::int) filter (where answers.shown), 4) as clicked_rate,
               round(avg(answers.accepted::int) filter (where answers.shown), 4) as accepted_rate,
               round(avg(answers.dismissed::int) filter (where answers.shown), 4)
                 as dismissed_rate
        from actions left join answers on answers.decision_id = actions.id
        where kind = 'offer.decided'
        group by offer_id
        order by decided desc, offer_id""",
)

ALERTS = View(
    "alerts",
    "Every alert that was raised.",
    (
        ViewColumn("alert", "Its id in the playbook."),
        ViewColumn("severity", "As the playbook says."),
        ViewColumn("customer_id", "Whom it is about."),
        ViewColumn("raised_at", "When it was raised, UTC."),
        ViewColumn("message", "The text for people, its values filled in."),
        ViewColumn("key", "What it was raised for once, such as a kiosk; null when it has none."),
        ViewColumn("id", "Of the action that raised it."),
    ),
    """select body ->> '$.alert' as alert, body ->> '$.severity' as severity, customer_id,
              decided_at as raised_at, body ->> '$.message' as message,
              body ->> '$.key' as "key", id
       from actions where kind = 'alert.raised' order by raised_at, id""",
)

SEGMENTS = View(
    "customers_by_segment",
    "Who is in each segment, by what the customer's last event that was received says.",
    (
        ViewColumn("segment", "Its id in the playbook."),
        ViewColumn("customer_id", "Who is in it."),
        ViewColumn("last_at", "When the customer's last event was received, UTC."),
    ),
    """select unnest(last.segments) as segment, customer_id, last.received_at as last_at
       from (
         select customer_id, arg_max(
           {'segments': segments, 'received_at': received_at},
           {'received_at': received_at, 'generation': generation, 'commit': "commit",
            'index': "index"}
         ) as last
         from touchpoints group by customer_id
       )
       where len(last.segments) > 0 order by segment, customer_id""",
)

VIEWS = (
    # A rebuild finds out anew what is known of customers; when something was decided it cannot.
    _once(
        TOUCHPOINTS,
        'generation desc, "commit", "index"',
        "the first by place (commit, index) of the highest generation",
    ),
    _once(
        DECISIONS,
        'generation, "commit", "index"',
        "the first by place (generation, commit, index)",
    ),
    EVENTS,
    FUNNEL,
    ALERTS,
    SEGMENTS,
    *(_all_rows(table) for table in TABLES),
)
"""In the order in which they are shown."""
