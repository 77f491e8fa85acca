"""The tables of keys in docs/playbook.md; written anew by python -m tests.decisions.key_tables"""

import re
from pathlib import Path

from decisions.actions.kinds import KINDS, ROW, SCORES, SECRET
from decisions.format.alert_keys import (
    ABSENCE,
    ALERT,
    CHANGE,
    RATE,
    SEQUENCE,
    STEP,
    THRESHOLD,
)
from decisions.format.budget_keys import BUDGET
from decisions.format.case_keys import CASE, EXPECT, GIVEN
from decisions.format.condition_keys import OF_A_FIELD, TOGETHER
from decisions.format.journey_keys import HEADS, JOURNEY, LOCAL_TIME, QUIET, WAY
from decisions.format.keys import (
    CaseTime,
    Choice,
    Conditions,
    Duration,
    Entries,
    Expression,
    Flag,
    Items,
    Key,
    Keys,
    Kind,
    Moment,
    Name,
    Names,
    NewId,
    NewIds,
    Number,
    OneOf,
    Plain,
    Share,
    Steps,
    Tagged,
    Text,
    Texts,
    TimeOfDay,
    Values,
    Whole,
)
from decisions.format.limit_keys import DUPLICATES, LIMITS
from decisions.format.offer_keys import (
    ARBITRATION,
    CAP,
    CONTACT,
    CONTROLLED,
    EXPERIMENT,
    GROUP,
    OFFER,
    PLACEMENT,
    QUIET_HOURS,
)
from decisions.format.sections import PLAYBOOK, SEGMENT

DOCS = Path(__file__).parents[2] / "docs" / "playbook.md"

TABLES = {
    "a playbook": PLAYBOOK,
    "limits": LIMITS,
    "duplicates": DUPLICATES,
    "conditions together": TOGETHER,
    "a test of a field": OF_A_FIELD,
    "a placement": PLACEMENT,
    "a segment": SEGMENT,
    "an offer": OFFER,
    "a group": GROUP,
    "a budget": BUDGET,
    "contact": CONTACT,
    "a cap": CAP,
    "quiet hours of contact": QUIET_HOURS,
    "arbitration": ARBITRATION,
    "control": CONTROLLED,
    "an experiment": EXPERIMENT,
    "an alert": ALERT,
    "threshold": THRESHOLD,
    "rate": RATE,
    "absence": ABSENCE,
    "sequence": SEQUENCE,
    "change": CHANGE,
    "a step of escalate": STEP,
    "a row of routes": ROW,
    "the scores of a row": SCORES,
    "a secret": SECRET,
    **{f"the action {kind}": keys for kind, keys in KINDS.items()},
    "a journey": JOURNEY,
    "the local time of a journey": LOCAL_TIME,
    "the quiet hours of a journey": QUIET,
    **{f"a step that has {head}": keys for head, keys in HEADS.items()},
    "a way of a split": WAY,
    "a test": CASE,
    "an entry of given": GIVEN,
    "expect": EXPECT,
}
START, END = "<!-- keys of {}: kept current by a test -->\n", "<!-- /keys -->"


def current(name: str) -> str:
    """A table as it stands in the documentation."""
    return DOCS.read_text().split(START.format(name))[1].split(END)[0]


def table(name: str) -> str:
    """A table as it should stand there."""
    rows = (f"| {_name(key)} | {_words(key.kind)} | {_doc(key)} |\n" for key in TABLES[name].keys)
    return "".join(["| key | holds | |\n| --- | --- | --- |\n", *rows])


def _name(key: Key) -> str:
    return f"**`{key.name}`**" if key.required else f"`{key.name}`"


def _doc(key: Key) -> str:
    if key.default in (None, "", False) or isinstance(key.kind, Flag):
        return key.doc
    written = str(key.default)
    default = f"`{written}`" if re.fullmatch(r"[\d+-]\S*|track", written) else written
    return f"{key.doc} If not said: {default}."


def _words(kind: Kind) -> str:  # noqa: C901 - one line for each kind
    match kind:
        case Text():
            return f"a text of at most {kind.most} characters"
        case Texts():
            return f"1 to {kind.most} texts"
        case Choice():
            return ", ".join(f"`{word}`" for word in kind.of)
        case Name():
            return f"one of `{kind.of}`"
        case Names():
            return f"some of `{kind.of}`"
        case NewIds():
            return f"a list of 1 to {kind.most} ids"
        case Whole():
            return f"a whole number from {kind.low} to {kind.high}"
        case Number():
            return f"a number from {kind.low:,.15g} to {kind.high:,.15g}"
        case Share():
            return "a share such as `50%`"
        case Flag():
            return "`true` or `false`"
        case Duration():
            if kind.least:
                return f"a duration from `{kind.least}` to `{kind.most}`"
            return f"a duration of at most `{kind.most}`" if kind.most else "a duration"
        case Moment():
            return "a date or a time"
        case NewId():
            return "an id"
        case TimeOfDay():
            return "a time of day"
        case Steps():
            return "a list of steps"
        case CaseTime():
            return "a duration or a time"
        case Expression():
            return "a condition" if kind.condition else "an expression"
        case Plain():
            return "a text, a number, `true` or `false`"
        case Conditions():
            return f"1 to {kind.most} conditions"
        case Values():
            return "name: value lines"
        case Entries():
            return f"at most {kind.most} id: value lines"
        case Items():
            return f"a list of at most {kind.most}"
        case OneOf():
            return ", or ".join(dict.fromkeys(_words(one) for one in kind.kinds))
        case Tagged():
            return f"a mapping: `{kind.by}` and what goes with it"
        case Keys():
            return " and ".join(f"`{name}`" for name in kind.names)


def written(text: str) -> str:
    """The documentation `text` with all tables as they should be."""
    for name in TABLES:
        head, _, rest = text.partition(START.format(name))
        text = head + START.format(name) + table(name) + rest[rest.index(END) :]
    return text


if __name__ == "__main__":
    DOCS.write_text(written(DOCS.read_text()))
