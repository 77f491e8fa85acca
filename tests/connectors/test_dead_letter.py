"""The reasons for a dead letter are a closed, documented list."""

import ast
import inspect
import itertools

from connectors.events import dead_letter
from connectors.events.dead_letter import Reason


def test_every_reason_says_what_it_means() -> None:
    tree = ast.parse(inspect.getsource(dead_letter))
    (body,) = [n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Reason"]
    documented = {
        target.id
        for statement, following in itertools.pairwise(body)
        if isinstance(statement, ast.Assign) and isinstance(following, ast.Expr)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    assert documented == {reason.name for reason in Reason}


def test_a_reason_reads_as_its_name_in_lower_case() -> None:
    assert {reason.value for reason in Reason} == {reason.name.lower() for reason in Reason}
