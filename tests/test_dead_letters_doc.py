"""docs/dead-letters.md says of each reason what the code says of it."""

import ast
import inspect
import re
from itertools import pairwise
from pathlib import Path

from connectors.events import dead_letter
from connectors.events.dead_letter import Reason
from connectors.kafka.replayer import TRANSACTION_MS
from connectors.published.schema import STAGES
from flows.commands.dlq.mending import Fix
from flows.commands.dlq.replaying import BATCH
from flows.settings import Settings

TEXT = (Path(__file__).resolve().parents[1] / "docs/dead-letters.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \| `(\w+)` \| (.+) \|$", TEXT, re.MULTILINE)


def meanings() -> dict[str, str]:
    """Reason → its docstring in the code."""
    tree = ast.parse(inspect.getsource(dead_letter))
    (body,) = [n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Reason"]
    found = {}
    for statement, text in pairwise(body):
        match statement, text:
            case (
                ast.Assign(value=ast.Constant(value=str(name))),
                ast.Expr(value=ast.Constant(value=str(meaning))),
            ):
                found[name] = " ".join(meaning.split())
    return found


def test_each_reason_has_one_row_in_the_order_of_the_list_that_says_what_it_means() -> None:
    assert [(name, meaning) for name, meaning, _, _ in ROWS] == list(meanings().items())
    assert [name for name, *_ in ROWS] == list(Reason)


def test_each_reason_has_the_stage_that_its_records_have() -> None:
    of_others = {Reason.UNDECIDABLE: "decide", Reason.MISPLACED: "route"}
    for name, _, stage, advice in ROWS:
        assert stage in STAGES
        assert stage == of_others.get(Reason(name), "decode")
        assert advice.endswith(".")


def test_every_program_that_the_page_shows_is_one() -> None:
    programs = re.findall(r"--fix '([^']+)'", TEXT)
    assert len(programs) >= 5
    for program in programs:
        Fix(program)


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    told = {
        "`TOUCHLINE_DEAD_LETTER_PERCENT` (50)": Settings().dead_letter_percent == 50,
        "`TOUCHLINE_DEAD_LETTER_WINDOW` (1,000)": Settings().dead_letter_window == 1_000,
        "batch of up to 500 is": BATCH == 500,
        "after 10 to 20 seconds": TRANSACTION_MS == 10_000,
    }
    for words, right in told.items():
        assert words in " ".join(TEXT.split())
        assert right, words
