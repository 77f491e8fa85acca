import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.document import (
    MAX_CHARACTERS,
    Flaw,
    Mapping,
    Node,
    Problem,
    Scalar,
    Sequence,
    parse,
    place,
)


def values(text: str) -> list[Node]:
    root = parse(text)
    assert isinstance(root, Mapping)
    return [value for _, value in root.entries]


def test_every_value_knows_its_line_and_column() -> None:
    title, channels = values("title: Shop\nchannels: [a,\n  b]\n")
    assert isinstance(title, Scalar)
    assert (title.line, title.column, title.text, title.quoted) == (1, 8, "Shop", False)
    assert isinstance(channels, Sequence)
    assert [(item.line, item.column) for item in channels.items] == [(2, 12), (3, 3)]


def test_a_value_is_the_text_that_was_written() -> None:
    texts = [
        v.text for v in values("a: 1.50\nb: true\nc: 2026-01-01\nd: on\n") if type(v) is Scalar
    ]
    assert texts == ["1.50", "true", "2026-01-01", "on"]


@pytest.mark.parametrize("empty", ["", "\n\n", "# only a comment\n", "---\n"])
def test_a_file_without_anything_in_it_is_no_document(empty: str) -> None:
    assert parse(empty) is None


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("a: [1,\nb: 2", 2, 5, "not YAML"),
        ("a: 'open", 1, 9, "not YAML"),
        ("a: b: c", 1, 5, "not YAML"),
        ("a: 1\n\tb: 2", 2, 1, "not YAML"),
        ('a: "b" in c', 1, 8, "not YAML"),
        ("a: 1\nb: \x01", 2, 4, "not YAML"),
        ("%YAML 3.0\n---\na: 1", 1, 1, "not YAML"),
        ("a: &x 1", 1, 4, "an anchor"),
        ("a: &x [1]\nb: *x", 1, 4, "an anchor"),
        ("a: *x", 1, 4, "an alias"),
        ("a: !!python/name:os.system 1", 1, 4, "a tag"),
        ("[a]: 1", 1, 1, "a key"),
        ("a: 1\n---\nb: 1", 2, 1, "a second document"),
        ("a: " + "[" * 100_000, 1, 35, "nested too deeply"),
        ("a: " + "{a: " * 40, 1, 125, "nested too deeply"),
        ("a" * (MAX_CHARACTERS + 1), 1, 1, "the file"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(
    text: str, line: int, column: int, what: str
) -> None:
    with pytest.raises(Flaw) as refused:
        parse(text)
    problem = refused.value.problem
    assert (problem.line, problem.column) == (line, column)
    assert problem.text.startswith(what)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: {b: c in [d], e: f}", "one of {}[], in it does not stand in '...'"),
        ("a: [b\nc: [d]", "a bracket is not closed"),
        ("a: b: c", "a colon and a space in it must stand in '...'"),
        ("a: 1\n\tb: 2", "not with tabs"),
        ('a: "b" in c', "goes on after it must stand in '...'"),
    ],
)
def test_what_is_not_yaml_is_met_with_what_was_most_likely_meant(text: str, hint: str) -> None:
    with pytest.raises(Flaw, match=re.escape(hint)):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "when: one TWO three",
        "when: 'one TWO three'",
        "when: 'it''s TWO'",
        'when: "say \\"TWO\\""',
        "when: |\n  one\n  TWO\n",
        "when: >-   # a comment with TW in it\n\n   one\n\n   and TWO\n",
        "when:\n  one\n   more   TWO",
        "- x\n- >\n  one &&\n\n  ('TWO')\n",
    ],
)
def test_a_place_within_a_value_is_found_in_the_file(text: str) -> None:
    root = parse(text)
    node = root.entries[0][1] if isinstance(root, Mapping) else None
    node = root.items[1] if isinstance(root, Sequence) else node
    assert isinstance(node, Scalar)
    line, column = place(text, node, node.text.index("TWO"))
    assert text.split("\n")[line - 1][column - 1 :].startswith("TWO")


def test_the_end_of_a_value_is_a_place_too() -> None:
    (node,) = values("when: a +")
    assert isinstance(node, Scalar)
    assert place("when: a +", node, 3) == (1, 10)


def test_a_place_behind_an_escape_is_at_least_on_its_line() -> None:
    text = 'when: "\\u0041\\u0042"'
    (node,) = values(text)
    assert isinstance(node, Scalar)
    assert node.text == "AB"
    assert place(text, node, 1) == (1, 7)
    assert place(text, node, 2) == (1, len(text) + 1)


@given(st.text(alphabet=" \n:-[]{}'\"|>#&*!ab\\é%\t\x00", max_size=60))
def test_any_text_is_read_or_refused_within_its_lines(text: str) -> None:
    root, problem = read(text)
    if problem is not None:
        assert 1 <= problem.line <= text.count("\n") + 2
        assert problem.column >= 1
    if isinstance(root, Scalar):
        for offset in range(len(root.text) + 1):
            assert place(text, root, offset) >= (1, 1)


def read(text: str) -> tuple[Node | None, Problem | None]:
    try:
        return parse(text), None
    except Flaw as flaw:
        return None, flaw.problem


def test_half_of_a_character_is_refused_with_its_place() -> None:
    with pytest.raises(Flaw) as wrong:
        parse('title: Shop\nmessage: "\\ud83d!"\n')
    assert wrong.value.problem[:2] == (2, 10)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: 1\n\tb: 2", "; indent with spaces, not with tabs"),
        (
            'a: "b" in c',
            "; a text that begins with a quote and goes on after it must stand in '...'",
        ),
    ],
)
def test_the_slips_that_yaml_makes_easy_come_with_what_to_do(text: str, hint: str) -> None:
    with pytest.raises(Flaw) as refused:
        parse(text)
    assert refused.value.problem.text.endswith(hint)
