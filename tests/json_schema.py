"""What a JSON Schema, draft-07, says of a value: a validator that is not ours, in one function."""

from typing import Any

from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it ships no types

Schema = dict[str, Any]


class Judge:
    """Judges values by one schema."""

    def __init__(self, schema: Schema) -> None:
        Draft7Validator.check_schema(schema)
        self._validator = Draft7Validator(schema)

    def errors(self, value: Any) -> list[str]:
        """Place and text of each error; empty when `value` is as the schema says."""
        return [f"{e.json_path}: {e.message}" for e in self._validator.iter_errors(value)]

    def passes(self, value: Any) -> bool:
        """Whether `value` is as the schema says."""
        return bool(self._validator.is_valid(value))
