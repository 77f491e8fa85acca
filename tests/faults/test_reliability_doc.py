"""docs/reliability.md is held to the code: its quotes, its table, its names."""

import re

import pytest

from tests.faults.breaks.catalogue import FAULTS
from tests.faults.refusals import messages
from tests.faults.table import BEGIN, END, HEAD
from tests.faults.world import ROOT

PAGE = (ROOT / "docs/reliability.md").read_text()


def quoted() -> set[str]:
    """What the page says that a flow says when it refuses."""
    _, _, refusals = PAGE.partition("## When it refuses")
    spans = re.findall(r"^\| (?:`` (.+?) ``|`([^`]+)`) \|", refusals, re.MULTILINE)
    return {double or single for double, single in spans}


def test_every_refusal_of_the_code_is_quoted_and_every_quote_is_the_code_s() -> None:
    assert quoted() == messages()


def test_a_message_that_is_put_together_is_found_with_gaps() -> None:
    assert (
        "shard …: its fence has version …, expected … at most; it was written by a later version "
        "of Touchline, so run that one" in messages()
    )


def test_the_table_has_a_row_for_faults_that_there_are_and_for_no_others() -> None:
    table = PAGE.partition(BEGIN)[2].partition(END)[0]
    found = re.findall(r"^\| `([^`]+)`: (.*?) \|", table, re.MULTILINE)
    known = [(name, fault.about) for name, fault in FAULTS.items()]
    assert found == [row for row in known if row in found]
    assert HEAD in table


@pytest.mark.parametrize("name", re.findall(r"--only ([\w,-]+)", PAGE))
def test_a_fault_that_an_example_names_is_there(name: str) -> None:
    assert set(name.split(",")) <= FAULTS.keys()
