"""The closed set of actions that others carry out, and the keys by which a playbook says each.

The loader, the playbook's JSON Schema and the tables of the documentation are made from it.
"""

from typing import Final

from decisions.format.keys import (
    HEADER,
    TRAIT,
    Choice,
    Duration,
    Entries,
    Expression,
    Flag,
    Items,
    Key,
    Keys,
    Name,
    Number,
    OneOf,
    Tagged,
    Text,
    Texts,
)

MAX_VALUES: Final = 32
"""Values by name in one action."""
MAX_HEADERS: Final = 16
MAX_ROWS: Final = 200
"""Rows of a routing table."""
MAX_ADDRESS: Final = 1_000
MAX_HEADER: Final = 500
"""Characters, as they are written."""
REFERRED: Final = r"[A-Z][A-Z0-9_]{0,63}"

SECRET: Final = Keys(
    (
        Key(
            "secret",
            Text(64),
            "The name of a secret that whoever delivers knows: A-Z, 0-9 and _, a letter first.",
            required=True,
            examples=("CRM_TOKEN",),
        ),
    )
)
VALUES: Final = Entries(Expression(), MAX_VALUES, TRAIT)
VALUES_DOC: Final = "What its template is filled in with: expressions by name."

COMMON: Final = (
    Key(
        "requires_approval",
        Flag(),
        "`true`: it is delivered only when somebody has approved of it.",
        default=False,
    ),
    Key(
        "idempotency_key",
        Expression(),
        "An expression: with the same value of it, it is for this customer the same action again.",
        default="each is one of its own",
        examples=("profile.cart.cart_id",),
    ),
)


def _kind(
    kind: str, expiry: str, *keys: Key, needs: tuple[tuple[str, ...], str] = ((), "")
) -> Keys:
    until = Key(
        "expiry",
        Duration("1m", "30d"),
        "How long after the decision it may still be delivered.",
        default=expiry,
        examples=("30m", "12h"),
    )
    action = Key("action", Choice((kind,)), "What kind of action it is.", required=True)
    return Keys((action, *keys, *COMMON, until), any_of=needs[0], needs=needs[1])


KINDS: Final[dict[str, Keys]] = {
    "webhook": _kind(
        "webhook",
        "24h",
        Key(
            "url",
            OneOf((Text(MAX_ADDRESS), SECRET)),
            "Where it is sent: an `https://` or `http://` address. `{...}` after the host holds an "
            "expression. A secret where the address is one.",
            required=True,
            examples=("https://crm.example/customers/{event.properties.account}",),
        ),
        Key("method", Choice(("POST", "PUT")), "How it is sent.", default="POST"),
        Key(
            "headers",
            Entries(OneOf((Text(MAX_HEADER), SECRET)), MAX_HEADERS, HEADER),
            "Headers beside those that sending brings: texts, in which `{...}` holds an "
            "expression, or secrets.",
        ),
        Key(
            "payload",
            Entries(OneOf((Expression(), SECRET)), MAX_VALUES, TRAIT),
            "What is sent, as a JSON object: expressions, or secrets, by name.",
        ),
    ),
    "email.request": _kind(
        "email.request",
        "24h",
        Key("template", Text(128), "The template's id where mails are made.", required=True),
        Key(
            "to",
            Expression(),
            "An expression: the address.",
            default="the customer's, as whoever delivers knows it",
            examples=("event.properties.email",),
        ),
        Key("values", VALUES, VALUES_DOC),
    ),
    "lead.route": _kind(
        "lead.route",
        "7d",
        Key("table", Name("routes"), "The table that says which queue gets it.", required=True),
        Key(
            "region",
            Expression(),
            "An expression: the text that rows compare with their regions.",
            default="none",
        ),
        Key(
            "score",
            Expression(),
            "An expression: the number that rows compare with their scores.",
            default="none",
        ),
    ),
    "ticket.request": _kind(
        "ticket.request",
        "7d",
        Key("queue", Text(64), "The queue, group or inbox that gets it.", required=True),
        Key("subject", Text(200), "A line; `{...}` holds an expression.", required=True),
        Key("text", Text(2_000), "What it is about; `{...}` holds an expression.", required=True),
        Key(
            "priority",
            Choice(("low", "normal", "high", "urgent")),
            "How urgent it is.",
            default="normal",
        ),
    ),
    "push.request": _kind(
        "push.request",
        "4h",
        Key("template", Text(128), "The template's id where messages are made."),
        Key("title", Text(120), "A line; `{...}` holds an expression."),
        Key("text", Text(), "The message, instead of a template; `{...}` holds an expression."),
        Key("values", VALUES, "What goes with it: expressions by name."),
        needs=(("template", "text"), "a template or a text"),
    ),
    "log": _kind(
        "log",
        "7d",
        Key("message", Text(), "What is noted; `{...}` holds an expression.", required=True),
    ),
}
"""Kind of an action → its keys; `expiry` has a default of its own for each."""

SCORES: Final = Keys(
    (
        Key("from", Number(-1e9, 1e9), "The lowest score.", default="no lowest"),
        Key("to", Number(-1e9, 1e9), "The first score above them.", default="no highest"),
    ),
    any_of=("from", "to"),
)
ROW: Final = Keys(
    (
        Key("region", Texts(100), "The regions it is for.", default="all"),
        Key("score", SCORES, "The scores it is for.", default="all"),
        Key("queue", Text(64), "Who gets what it is for.", required=True),
    )
)
ROUTES: Final = Entries(Items(ROW, MAX_ROWS, least=1), 50)
ACTION: Final = Tagged("action", tuple(KINDS.values()))


def action_with(*beside: Key) -> Tagged:
    """An action in a mapping that has other keys, too."""
    kinds = (
        Keys((*beside, *keys.keys), any_of=keys.any_of, needs=keys.needs) for keys in KINDS.values()
    )
    return Tagged(ACTION.by, tuple(kinds))
