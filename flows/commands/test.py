"""`touchline test`: does a playbook do what its own tests say?"""

import json
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click

from decisions.cases.outcome import Difference, Outcome
from decisions.cases.run import run
from decisions.playbook import Playbook
from flows.commands.option_types import FilledPath
from flows.commands.playbook_file import read_playbook
from state.times import rfc3339

EXAMPLES = """\b
Examples:
  touchline test playbooks/retail.yaml
  touchline test playbooks/retail.yaml --case '*kiosk*'
  touchline test playbooks/retail.yaml --json | jq '.cases[] | select(.passed | not)'"""


@click.command(epilog=EXAMPLES)
@click.argument("file", metavar="PLAYBOOK", type=FilledPath(path_type=Path))
@click.option(
    "--case",
    "patterns",
    metavar="NAME",
    multiple=True,
    help="Only cases of this name; * stands for anything. May be given more than once.",
)
@click.option("-x", "--fail-fast", is_flag=True, help="Stop after the first case that fails.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of words.")
def command(file: Path, patterns: tuple[str, ...], fail_fast: bool, as_json: bool) -> None:
    """Run the test cases that are written in PLAYBOOK.

    Nothing is started or asked for: a case says what happens to a customer, when, and what must
    follow from it. Of a case that fails, a difference is shown: lines with - were expected, lines
    with + came instead.

    With --json: file, version, passed and failed (how many), and cases, each with name, line,
    passed and differences (line, events, at, what, expected, got, rows); of a playbook that is
    wrong, file and problems (line, column, text).

    Exit codes: 0 all passed, or there are none; 1 some failed, or the playbook is wrong; 2 wrong
    options, or no case has such a name.
    """
    playbook = read_playbook(file, as_json=as_json)
    cases = [case for case in playbook.cases if _chosen(case.name, patterns)]
    if patterns and not cases:
        names = ", ".join(patterns)
        raise click.UsageError(
            f"--case {names}: expected a name or pattern that fits one of the"
            f" {len(playbook.cases)} cases, got one that fits none; without --case all are run"
        )
    outcomes: list[Outcome] = []
    for case in cases:
        outcomes.append(run(case, playbook))
        if not as_json:
            click.echo("\n".join(_words(outcomes[-1], file)))
        if fail_fast and not outcomes[-1].passed:
            break
    if as_json:
        click.echo(json.dumps(_facts(file, playbook, outcomes), ensure_ascii=False))
    else:
        click.echo(_summary(file, outcomes, len(cases)))
    if not all(outcome.passed for outcome in outcomes):
        sys.exit(1)


def _chosen(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(name.lower(), text.lower()) for text in patterns)


def _words(outcome: Outcome, file: Path) -> Iterator[str]:
    tick, cross = _marks()
    if outcome.passed:
        yield f"{click.style(tick, fg='green')} {outcome.case.name}"
        return
    yield f"{click.style(cross, fg='red')} {outcome.case.name}"
    for difference in outcome.differences:
        events = "1 event" if difference.events == 1 else f"{difference.events} events"
        at = f"{file}:{difference.line}: after {events}, at {rfc3339(difference.at_ms)}"
        yield f"    {click.style(at, dim=True)}"
        yield f"    {difference.what}"
        yield from _rows(difference)


def _rows(difference: Difference) -> Iterator[str]:
    """Signs and names, with the reasons in a column of their own."""
    width = min(max(len(row.text) for row in difference.rows), 40)
    for row in difference.rows:
        color = {"-": "red", "+": "green"}.get(row.sign)
        text = click.style(f"{row.sign} {row.text:<{width}}".rstrip(), fg=color)
        pad = " " * max(width - len(row.text), 0)
        first = f"{pad}   {row.why[0]}" if row.why else ""
        yield f"      {text}{first}"
        for reason in row.why[1:]:
            yield f"        {' ' * max(width, len(row.text))}   {reason}"


def _marks() -> tuple[str, str]:
    """A tick and a cross, or words where stdout's encoding has none."""
    try:
        "✓✗".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "ok    ", "FAILED"
    return "✓", "✗"


def _summary(file: Path, outcomes: list[Outcome], chosen: int) -> str:
    if not outcomes:
        return f"{file} has no tests: below `tests:` say what must follow from which events."
    failed = sum(not outcome.passed for outcome in outcomes)
    passed = len(outcomes) - failed
    said = f"{chosen} case{'' if chosen == 1 else 's'}: {passed} passed, {failed} failed"
    left = chosen - len(outcomes)
    return f"{said}, {left} not run" if left else said


def _facts(file: Path, playbook: Playbook, outcomes: list[Outcome]) -> dict[str, Any]:
    failed = sum(not outcome.passed for outcome in outcomes)
    return {
        "file": str(file),
        "version": playbook.version,
        "passed": len(outcomes) - failed,
        "failed": failed,
        "cases": [
            {
                "name": outcome.case.name,
                "line": outcome.case.line,
                "passed": outcome.passed,
                "differences": [_difference(found) for found in outcome.differences],
            }
            for outcome in outcomes
        ],
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {
        "line": found.line,
        "events": found.events,
        "at": rfc3339(found.at_ms),
        "what": found.what,
        "expected": found.expected,
        "got": found.got,
        "rows": [{"sign": row.sign, "text": row.text, "why": list(row.why)} for row in found.rows],
    }
