"""playbooks/playbook.schema.json: what it refuses, the loader refuses."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types

from decisions.format.schema import schema
from decisions.load import parse_playbook
from decisions.playbook import PlaybookError
from tests.decisions.plain import plain

ROOT = Path(__file__).parents[2]
FILE = ROOT / "playbooks" / "playbook.schema.json"
RETAIL = (ROOT / "playbooks" / "retail.yaml").read_text()
DOCS = "".join(
    re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "playbook.md").read_text(), re.DOTALL)
)
SCHEMA = Draft202012Validator(schema())
BOOK = json.dumps(plain(DOCS))


def refused(text: str) -> bool:
    try:
        parse_playbook(text, "my.yaml")
    except PlaybookError:
        return True
    return False


def flaws(value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in SCHEMA.iter_errors(value)]


def test_the_file_is_what_the_keys_say() -> None:
    Draft202012Validator.check_schema(schema())
    said = "touchline check --schema > playbooks/playbook.schema.json"
    assert json.loads(FILE.read_text()) == schema(), f"run: {said}"
    assert FILE.read_text() == json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("text", [RETAIL, DOCS])
def test_the_playbooks_that_are_shown_are_right_by_it(text: str) -> None:
    assert flaws(plain(text)) == []


def test_the_example_names_its_schema_for_editors() -> None:
    first = RETAIL.splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found
    assert (ROOT / "playbooks" / found[1]) == FILE


def test_every_key_is_explained() -> None:
    assert [path for path, key in keys(schema(), "$") if not key.get("description")] == []


def keys(part: Any, path: str) -> list[tuple[str, Any]]:
    found = []
    if isinstance(part, dict):
        for name, key in part.get("properties", {}).items():
            found.append((f"{path}.{name}", key))
        for name, inner in part.items():
            below = inner.items() if name == "properties" else [(name, inner)]
            for key, value in below:
                found += keys(value, f"{path}.{key}")
    elif isinstance(part, list):
        for inner in part:
            found += keys(inner, path)
    return found


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("lever: 2", "lever: 1000001", "$.offers.preview.lever"),
        ("lever: 2", "lever: high", "$.offers.preview.lever"),
        ("ttl: 7d", "ttl: 7 days", "$.offers.preview.ttl"),
        ("ttl: 7d", "tll: 7d", "$.offers.preview"),
        ("start: 2026-11-20", "start: tomorrow", "$.offers.preview.start"),
        ("severity: critical", "severity: urgent", "$.alerts.vip_unhappy.severity"),
        ("  city: string", "  city: text", "$.traits.city"),
        ("fallback: true", "fallback: 'true'", "$.offers.bestsellers.fallback"),
        ("channels: [email, click]", "channels: []", "$.offers.preview.channels"),
        ("  buyer:", "  Buyer:", "$.segments"),
        ("at: 40d before", "at: long ago", "$.tests[0].given[0].at"),
        ("times: 2", "times: 0", "$.tests[0].given[4].times"),
    ],
)
def test_what_an_editor_can_know_is_marked_at_its_place(
    before: str, after: str, place: str
) -> None:
    assert before in DOCS
    text = DOCS.replace(before, after, 1)
    assert any(flaw.startswith(f"{place}: ") for flaw in flaws(plain(text)))
    assert refused(text)


WRONG: list[Any] = [
    None,
    True,
    5,
    -1,
    1.5,
    "",
    " ",
    "x",
    "Click",
    "click",
    "7d",
    "2026-01-01",
    [],
    {},
]
WRONG += [["click"], ["click", "click"], [None], {"x": 1}, {"in": []}, {"includes": []}, [[]]]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_it_refuses_the_loader_refuses_whatever_was_changed(data: st.DataObject) -> None:
    """A key less, one too many, or any value in the place of any other."""
    book = json.loads(BOOK)
    at = book
    while True:
        inner = (
            [key for key in at if isinstance(at[key], dict | list) and at[key]]
            if isinstance(at, dict)
            else [n for n, one in enumerate(at) if isinstance(one, dict | list) and one]
        )
        if not inner or data.draw(st.integers(0, 3)) == 0:
            break
        at = at[data.draw(st.sampled_from(inner))]
    places = list(at) if isinstance(at, dict) else list(range(len(at)))
    place = data.draw(st.sampled_from(places))
    how = data.draw(st.sampled_from(["delete", "add", "replace"]))
    if how == "delete":
        del at[place]
    elif how == "add" and isinstance(at, dict):
        at[data.draw(st.sampled_from(["titel", "when", "x", "true", "key"]))] = data.draw(
            st.sampled_from(WRONG)
        )
    else:
        at[place] = data.draw(st.sampled_from(WRONG))
    found = flaws(book)
    if found:
        assert refused(json.dumps(book)), found


VALUE = re.compile(r"(?<=: )[^\[\]{},'\"\n>]+(?=\n)")
WORDS = ["true", "null", "5", "-1", "1.5", "1e3", ".5", "007", "+5", "~", "''", "[]", "{}", "x y"]
WORDS += ["0s", "7d", "click", "[click]", "2026-02-30", "0x1f", "'5'", "True", "[true]", "[5]"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(VALUE.findall(DOCS)) - 1), st.sampled_from(WORDS))
@example(0, "true")
def test_so_it_is_with_words_that_yaml_takes_for_something_else(number: int, word: str) -> None:
    place = list(VALUE.finditer(DOCS))[number]
    text = DOCS[: place.start()] + word + DOCS[place.end() :]
    found = flaws(plain(text))
    if found:
        assert refused(text), found
