"""What compiled expressions call: the semantics of CEL on values whose type is known only then."""

from typing import Any

from decisions.language.runtime import (
    collections,
    conversions,
    failures,
    instants,
    logic,
    numbers,
)

NAMESPACE: dict[str, Any] = {
    function.__name__: function
    for function in (
        collections.contains,
        collections.elements,
        collections.equal,
        collections.filtered,
        collections.finite,
        collections.has,
        collections.index,
        collections.mapped,
        collections.plain,
        collections.size,
        conversions.to_double,
        conversions.to_duration,
        conversions.to_int,
        conversions.to_timestamp,
        failures.described,
        failures.mistyped,
        failures.out_of_range,
        instants.earliest,
        instants.edge,
        instants.faded_across,
        instants.unless_failing,
        logic.conjunction,
        logic.disjunction,
        logic.every,
        logic.exists,
        logic.exists_one,
        numbers.add,
        numbers.at_most,
        numbers.divide,
        numbers.less,
        numbers.modulo,
        numbers.multiply,
        numbers.negate,
        numbers.subtract,
    )
} | {"FAILURES": failures.FAILURES}
"""Name in generated code → what it is."""
