"""docs/playbook.md: its examples are right, together and each beside the rest."""

import json
import re
from typing import Any

import pytest

from decisions.cases.run import run
from decisions.cases.story import Story
from decisions.document import parse as parse_document
from decisions.format.condition_keys import FORMS
from decisions.format.journey_keys import HEADS
from decisions.format.keys import Entries, Items, Keys, Kind, OneOf, Steps, Tagged
from decisions.format.sections import PLAYBOOK
from decisions.language import EvaluationError, Scope, compile_condition, compile_value
from decisions.language.checker import Checker
from decisions.language.functions import FUNCTIONS, METHODS
from decisions.language.grammar.parser import _POWER, parse
from decisions.language.grammar.syntax import (
    Binary,
    Call,
    Index,
    ListOf,
    Literal,
    Logical,
    Node,
    Select,
    Ternary,
    Unary,
)
from decisions.language.operators import _ARITHMETIC
from decisions.load import parse_playbook
from decisions.playbook import Playbook
from decisions.reading import Reader
from state.touchpoint import Touchpoint
from tests.decisions import field_table, key_tables
from tests.decisions.plain import plain

DOCS = field_table.DOCS
RESULTS = re.search(
    r"<!-- results: checked by a test -->\n(.*?)<!-- /results -->", DOCS.read_text(), re.DOTALL
)
assert RESULTS
ROWS = [
    (expression.replace("\\|", "|"), result)
    for expression, result in re.findall(r"\| `(.*)` \| (.*) \|\n", RESULTS[1])
]
STRUCTURED = re.search(
    r"<!-- structured: checked by a test -->\n(.*?)<!-- /structured -->",
    DOCS.read_text(),
    re.DOTALL,
)
assert STRUCTURED
MEANINGS = [
    (written, expression.replace("\\|", "|"))
    for written, expression in re.findall(r"\| `(.*?)` \| `(.*)` \|\n", STRUCTURED[1])
]


def examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)


def others() -> list[str]:
    """Sections that may stand instead of an example, as their keys exclude some of its own. Their
    fences say `yml`, so that they are not taken for a part of the same playbook."""
    return re.findall(r"```yml\n(.*?)```", DOCS.read_text(), re.DOTALL)


def written() -> Playbook:
    return parse_playbook("".join(examples()), str(DOCS))


def section(example: str) -> str:
    return example.split(":", maxsplit=1)[0]


def test_every_section_has_an_example_and_they_make_a_playbook() -> None:
    assert sorted(map(section, examples())) == sorted(PLAYBOOK.names)
    playbook = written()
    assert playbook.offers["preview"].places == (("inbox", "email"), ("home", "click"))
    assert playbook.alerts["vip_unhappy"].events == ("Live Chat Conversation Ended",)


@pytest.mark.parametrize("other", others(), ids=section)
def test_a_section_that_stands_instead_of_an_example_is_right_there(other: str) -> None:
    kept = [example for example in examples() if section(example) != section(other)]
    assert len(kept) == len(examples()) - 1
    found = parse_playbook("".join([*kept, other]), str(DOCS))
    assert [run(case, found).differences for case in found.cases] == [()] * len(found.cases)


@pytest.mark.parametrize("case", written().cases, ids=lambda case: case.name)
def test_its_tests_pass(case: Any) -> None:
    assert run(case, written()).differences == ()


@pytest.mark.parametrize("name", key_tables.TABLES)
def test_a_table_of_keys_is_the_loader_s_own(name: str) -> None:
    assert key_tables.current(name) == key_tables.table(name), (
        "run: python -m tests.decisions.key_tables"
    )


def test_every_key_stands_in_an_example() -> None:
    known, used = set[Place](), set[Place]()
    look(PLAYBOOK, [plain("".join(examples())), *map(plain, others())], known, used)
    assert known - used == set()


Place = tuple[tuple[str, ...], str]
"""The keys of a mapping, which tell it from others, and one of them."""


def look(kind: Kind, values: list[Any], known: set[Place], used: set[Place]) -> None:
    """Notes which keys of `kind` there are, and which of them `values` have."""
    match kind:
        case Keys():
            maps = [one for one in values if isinstance(one, dict)]
            for key in kind.keys:
                inner = [one[key.name] for one in maps if key.name in one]
                known.add((kind.names, key.name))
                if inner:
                    used.add((kind.names, key.name))
                look(key.kind, inner, known, used)
        case Entries():
            inner = [one for map_ in values for one in map_.values()]
            look(kind.holds, inner, known, used)
        case Items():
            items = [one for list_ in values if isinstance(list_, list) for one in list_]
            look(kind.holds, items, known, used)
        case OneOf():
            for one in kind.kinds:
                look(one, values, known, used)
        case Steps():
            look_at_steps(values, known, used)
        case Tagged():
            for word, keys in kind.words:
                look(keys, [one for one in values if one[kind.by] == word], known, used)


def look_at_steps(values: list[Any], known: set[Place], used: set[Place]) -> None:
    steps = [one for list_ in values for one in list_ if isinstance(one, dict)]
    for head, keys in HEADS.items():  # what actions hold is shown with alerts
        if found := [step for step in steps if head in step]:
            look(keys, found, known, used)


def ann() -> Story:
    """The customer of whom the table of results speaks, at her last event."""
    playbook = written()
    story = Story(playbook.cases[0], playbook)
    for step in playbook.cases[0].steps:
        if isinstance(step, Touchpoint):
            story.take(step)
    return story


ANN = ann()
SCOPE = Scope(traits=ANN.playbook.traits, segments=ANN.playbook.segments)


@pytest.mark.parametrize(("expression", "result"), ROWS)
def test_an_expression_has_the_result_that_is_said(expression: str, result: str) -> None:
    value = compile_value(expression, SCOPE)
    try:
        got = f"`{json.dumps(value(ANN.profile, ANN.taken[-1], ANN.now_ms))}`"
    except EvaluationError:
        got = "*error*"
    assert got == result


@pytest.mark.parametrize(("written", "expression"), MEANINGS)
def test_a_condition_without_an_expression_means_the_one_that_is_said(
    written: str, expression: str
) -> None:
    reader = Reader(written)
    condition = reader.condition(parse_document(written), "when", SCOPE)
    assert condition is not None, reader.problems
    assert condition.source == expression
    compile_condition(expression, SCOPE)(ANN.profile, ANN.taken[-1], ANN.now_ms)


def test_every_key_of_such_conditions_has_a_row() -> None:
    known, used = set[Place](), set[Place]()
    rows = [plain(written) for written, _ in MEANINGS]
    for form in FORMS:
        look(form, [row for row in rows if set(row) & set(form.names)], known, used)
    assert known - used == set()


def test_every_construct_of_the_language_has_a_row() -> None:
    nodes = [node for expression, _ in ROWS for node in below(parse(expression))]
    operators = {node.operator for node in nodes if isinstance(node, Binary | Logical)}
    assert operators == set(_POWER)
    assert {node.operator for node in nodes if isinstance(node, Unary)} == {"!", "-"}
    calls = {(node.target is None, node.name) for node in nodes if isinstance(node, Call)}
    assert calls == {(True, name) for name in FUNCTIONS} | {(False, name) for name in METHODS}
    values = {type(node.value) for node in nodes if isinstance(node, Literal)}
    assert values == {bool, int, float, str, type(None)}
    for kind in (Ternary, Index, ListOf, Select):
        assert any(isinstance(node, kind) for node in nodes)


def test_every_pair_of_types_that_can_be_added_or_multiplied_has_a_row() -> None:
    nodes = [node for expression, _ in ROWS for node in below(parse(expression))]
    pairs = {
        (node.operator, Checker(SCOPE).check(node.left).type, Checker(SCOPE).check(node.right).type)
        for node in nodes
        if isinstance(node, Binary) and node.operator in "+-*/%"
    }
    assert pairs >= set(_ARITHMETIC)


def below(node: Node) -> list[Node]:
    """A node and all that is in it."""
    found: list[Node] = [node]
    for name in node.__struct_fields__:
        value = getattr(node, name)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Node):
                found += below(inner)
    return found


def test_the_conditions_within_the_text_compile() -> None:
    text = DOCS.read_text().split("\n## Conditions\n")[1].split("<!-- /results -->")[1]
    conditions = re.findall(
        r"`((?:has|profile)[^`]*(?:>|==|exists)[^`]*)`", text.replace("\n", " ")
    )
    assert len(conditions) >= 3
    scope = Scope(traits={"city": "string"}, segments=["vip"])
    for condition in conditions:
        assert compile_condition(condition, scope).reads


def test_the_table_of_fields_is_the_language_s_own() -> None:
    assert field_table.current() == field_table.table(), (
        "run: python -m tests.decisions.field_table"
    )
