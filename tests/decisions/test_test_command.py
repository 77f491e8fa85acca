import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flows.cli import main

RETAIL = str(Path(__file__).parents[2] / "playbooks" / "retail.yaml")
BOOK = """\
channels: [click]
placements:
  home: {channels: [click]}
segments:
  newcomer: {title: New, when: profile.orders.count == 0}
  full_cart: {title: Full, when: profile.cart.value >= 150.0}
offers:
  welcome: {title: W, eligible: '"newcomer" in segments', lever: 1, value: 1, channels: [click], placements: home, ttl: 1d}
  delivery: {title: D, eligible: '"full_cart" in segments', lever: 2, value: 1, channels: [click], placements: home, ttl: 1d}
"""  # noqa: E501 - offers in a line each
TESTS = """\
tests:
  - name: Who is new is welcomed
    given: [{channel: click, event: Page Viewed}]
    expect: {offers: {home: [welcome]}}
  - name: A full cart has its delivery free
    given: [{channel: click, event: Product Added, properties: {product_id: p, price: 120}}]
    expect: {segments: {in: [newcomer]}, offers: {home: [delivery]}}
  - name: All is well
    given: [{channel: click, event: Page Viewed}]
    expect: {that: profile.orders.count == 0}
"""


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(BOOK + TESTS)
    return str(path)


def touchline(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["test", *arguments])


def test_a_line_for_each_case_and_one_for_all() -> None:
    result = touchline(RETAIL)
    *cases, last = result.stdout.splitlines()
    assert result.exit_code == 0
    assert all(case.startswith("✓ ") for case in cases)
    assert last == f"{len(cases)} cases: {len(cases)} passed, 0 failed"


def test_a_failure_is_shown_as_a_difference_with_its_reasons(mine: str) -> None:
    result = touchline(mine)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "✓ Who is new is welcomed",
        "✗ A full cart has its delivery free",
        f"    {mine}:16: after 1 event, at 2026-01-01T00:00:00.000Z",
        "    offers in home",
        '      - delivery   "full_cart" in segments is false',
        "                   profile.cart.value >= 150.0 is false: profile.cart.value = 120.0",
        '      + welcome    "newcomer" in segments is true',
        "✓ All is well",
        "3 cases: 2 passed, 1 failed",
    ]


def test_a_program_gets_one_json_object(mine: str) -> None:
    result = touchline("--json", mine)
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert (said["file"], said["passed"], said["failed"]) == (mine, 2, 1)
    assert [case["passed"] for case in said["cases"]] == [True, False, True]
    (difference,) = said["cases"][1]["differences"]
    assert (difference["line"], difference["what"]) == (16, "offers in home")
    assert (difference["expected"], difference["got"]) == (["delivery"], ["welcome"])
    assert [row["sign"] for row in difference["rows"]] == ["-", "+"]


def test_cases_are_chosen_by_name_whatever_their_case(mine: str) -> None:
    result = touchline(mine, "--case", "*NEW*", "--case", "all is well")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "2 cases: 2 passed, 0 failed"


def test_a_name_that_no_case_has_ends_with_2(mine: str) -> None:
    result = touchline(mine, "--case", "*nix*")
    assert result.exit_code == 2
    assert "--case *nix*: expected a name or pattern that fits one of the 3 cases" in result.stderr


def test_fail_fast_leaves_the_rest(mine: str) -> None:
    result = touchline(mine, "-x")
    assert result.exit_code == 1
    assert "All is well" not in result.stdout
    assert result.stdout.splitlines()[-1] == "3 cases: 1 passed, 1 failed, 1 not run"


def test_a_playbook_without_tests_says_so_and_ends_with_0(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    path.write_text(BOOK)
    result = touchline(str(path))
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{path} has no tests: ")


def test_a_test_that_can_never_match_is_one_sentence_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "never.yaml"
    path.write_text(BOOK + "tests:\n  - {name: x, given: [], expect: {segments: []}}\n")
    result = touchline("--json", str(path))
    assert result.exit_code == 1
    assert result.stderr == (
        f"{path}:11:34: tests[1].expect, which can never match; "
        "expected an event before it, since rules are asked at events, got none\n"
    )
    assert [problem["line"] for problem in json.loads(result.stdout)["problems"]] == [11]


def test_a_terminal_without_ticks_gets_words(mine: str) -> None:
    result = CliRunner(charset="ascii").invoke(main, ["test", mine, "--case", "all*"])
    assert result.stdout.splitlines()[0] == "ok     All is well"


def test_check_counts_them_and_says_how_to_run_them(mine: str) -> None:
    result = CliRunner().invoke(main, ["check", mine])
    assert result.stdout.endswith(f"\n3 test cases; touchline test {mine} runs them.\n")


def test_check_prints_the_schema() -> None:
    result = CliRunner().invoke(main, ["check", "--schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["$schema"].endswith("2020-12/schema")
    assert CliRunner().invoke(main, ["check"]).exit_code == 2
    assert CliRunner().invoke(main, ["check", "--schema", RETAIL]).exit_code == 2
