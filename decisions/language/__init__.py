"""The condition language: a part of CEL, checked against what is known of a customer.

An expression is compiled once, to a Python function. What it may name stands in `fields`; which
operators and functions there are, in `operators` and `functions`. It differs from CEL on purpose:
durations know days ("30d"); times are in milliseconds and are never `dyn`; ints and doubles compare
exactly; lists that are gone through are bounded; there are no unsigned ints, bytes, map literals,
messages or regular expressions.
"""

from decisions.language.changes import Changes
from decisions.language.compiled import (
    Condition,
    Record,
    Value,
    compile_changes,
    compile_condition,
    compile_record,
    compile_value,
)
from decisions.language.errors import EvaluationError, ExpressionError
from decisions.language.kinds import BOOL, DOUBLE, INT, STRING
from decisions.language.scope import Scope

__all__ = [
    "BOOL",
    "DOUBLE",
    "INT",
    "STRING",
    "Changes",
    "Condition",
    "EvaluationError",
    "ExpressionError",
    "Record",
    "Scope",
    "Value",
    "compile_changes",
    "compile_condition",
    "compile_record",
    "compile_value",
]
