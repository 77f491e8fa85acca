"""docs/warehouse.md shows commands that work, and the views as they are."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from connectors.warehouse.views import VIEWS
from flows.commands.warehouse import COMMANDS, command
from flows.commands.warehouse.reconcile import command as reconcile
from tests.connectors.warehouse_samples import decided, event, store

PAGE = Path(__file__).resolve().parents[2] / "docs/warehouse.md"
TEXT = PAGE.read_text(encoding="utf-8")


def documented() -> str:
    """The views as the page lists them."""
    sections = []
    for view in VIEWS:
        table = "\n".join(f"| `{column.name}` | {column.doc} |" for column in view.columns)
        if view.name.endswith("_rows"):
            table = f"| | the columns of `{view.name.removesuffix('_rows')}` |"
        sections.append(
            f"### {view.name}\n\n{view.doc}\n\n| column | meaning |\n| --- | --- |\n{table}\n"
        )
    return "\n".join(sections)


def examples() -> list[str]:
    return re.findall(r"^touchline (warehouse .*)$", TEXT, re.MULTILINE)


def test_the_views_stand_there_as_they_are() -> None:
    shown = TEXT.split("<!-- views: begin -->\n")[1].split("<!-- views: end -->")[0]
    assert shown == documented(), f"put this between the marks of {PAGE.name}:\n{documented()}"


@pytest.mark.parametrize("line", examples())
def test_each_example_does_what_it_says(line: str, tmp_path: Path) -> None:
    store(
        tmp_path,
        [event(1, segments=("vip",), category="shoes"), event(2, "c-000001")],
        actions=[decided(1, "d", "offer.decided", offer_id="tea")],
    )
    _, name, *arguments = shlex.split(line)
    if name == "reconcile":  # with Kafka in another test; here only that these are its options
        assert reconcile.make_context(name, list(arguments)).params["show_all"] is False
        return
    assert name in COMMANDS
    environment = {"TOUCHLINE_WAREHOUSE_URL": str(tmp_path)}
    result = CliRunner().invoke(command, [name, *arguments], env=environment)
    assert result.exit_code == 0, result.output
    if "category" in line:
        assert re.search(r"^shoes +1$", result.stdout, re.MULTILINE)


def test_every_member_of_the_group_has_examples_and_exit_codes_in_its_help() -> None:
    for name in COMMANDS:
        shown = CliRunner().invoke(command, [name, "--help"]).stdout
        assert "Exit codes: 0" in shown, name
        assert f"touchline warehouse {name}" in shown, name
