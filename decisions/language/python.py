"""From a piece of Python to a function that can be called."""

import ast
from typing import Any

from decisions.language import fields, runtime
from decisions.language.code import Code
from state.times import rfc3339

_NAMESPACE: dict[str, Any] = {
    **runtime.NAMESPACE,
    **fields.NAMESPACE,
    **{kind.__name__: kind for kind in (bool, float, int, len, list, sorted, str)},
    "rfc3339": rfc3339,
    "__builtins__": {},
}

_SAFE = """
def evaluate(profile, event, now_ms):
    return FAST
"""
_GUARDED = """
def evaluate(profile, event, now_ms):
    try:
        return FAST
    except FAILURES as failure:
        raise described(failure) from None
"""
_ABSORBING = """
def evaluate(profile, event, now_ms):
    try:
        return FAST
    except FAILURES:
        pass
    try:
        return SLOW
    except FAILURES as failure:
        raise described(failure) from None
"""


def evaluator(code: Code) -> Any:
    """A function of profile, event and now_ms; it raises EvaluationError."""
    template = _SAFE
    if code.errs:
        template = _GUARDED if code.slow is code.fast else _ABSORBING
    module = ast.parse(template)
    module = _Placed(code).visit(module)
    space = dict(_NAMESPACE)
    exec(compile(module, "<expression>", "exec"), space)  # noqa: S102 - all templates and constants
    return space["evaluate"]


class _Placed(ast.NodeTransformer):
    def __init__(self, code: Code) -> None:
        self._code = code

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return {"FAST": self._code.fast, "SLOW": self._code.slow}.get(node.id, node)
