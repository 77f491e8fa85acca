"""The condition language: a part of CEL, checked against what is known of a customer.

An expression is compiled once, to a Python function. What it may name stands in `fields`; which
operators and functions there are, in `operators` and `functions`; those that look back at the
customer's events (`count`, `sum`, `since`, `seen`, `sequence`), in `history`.

It differs from CEL on purpose: durations know days ("30d") and may be written bare (30d); times are
in milliseconds and are never `dyn`; ints and doubles compare exactly; lists that are gone through,
and what is put together, are bounded; patterns and time zones are literals; there are no unsigned
ints, bytes, map literals or messages.
"""

from decisions.language.changes import Changes
from decisions.language.compiled import (
    Condition,
    Record,
    Value,
    compile_changes,
    compile_condition,
    compile_record,
    compile_tracked,
    compile_value,
)
from decisions.language.errors import EvaluationError, ExpressionError
from decisions.language.history import Remembered, Tracked
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
    "Remembered",
    "Scope",
    "Tracked",
    "Value",
    "compile_changes",
    "compile_condition",
    "compile_record",
    "compile_tracked",
    "compile_value",
]
