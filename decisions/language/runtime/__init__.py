"""What compiled expressions call: the semantics of CEL on values whose type is known only then."""

from typing import Any

from decisions.language.runtime import (
    calendar,
    collections,
    conversions,
    failures,
    logic,
    numbers,
    texts,
)

NAMESPACE: dict[str, Any] = {
    function.__name__: function
    for function in (
        calendar.day_of_year,
        calendar.local,
        collections.contains,
        collections.elements,
        collections.equal,
        collections.filtered,
        collections.finite,
        collections.has,
        collections.index,
        collections.joined_lists,
        collections.mapped,
        collections.plain,
        collections.size,
        conversions.duration_text,
        conversions.timestamp_text,
        conversions.to_bool,
        conversions.to_double,
        conversions.to_duration,
        conversions.to_int,
        conversions.to_string,
        conversions.to_timestamp,
        failures.described,
        failures.mistyped,
        failures.out_of_range,
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
        texts.index_of,
        texts.join,
        texts.joined_texts,
        texts.lower_ascii,
        texts.matches,
        texts.replaced,
        texts.split,
        texts.substring,
        texts.upper_ascii,
    )
} | {"FAILURES": failures.FAILURES, "SPACES": texts.SPACES}
"""Name in generated code → what it is."""
