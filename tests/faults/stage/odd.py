"""Values that no schema expects: extremes by hand, and what Hypothesis finds, by a seed."""

from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

EXTREMES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, -0.0, 2**63 - 1, 2**64 - 1),
    *("", " ", "0", "null", "\x00", "\u202e", "é" * 300, "x" * 5_000, "2026-02-30T25:61:00Z"),
    *([], {}, [[]], {"": {}}, [None], {"a": {"b": {"c": []}}}, ["x"] * 400),
)
HOW_MANY = 1_000

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
    st.integers().map(str),
    st.floats().map(str),
    st.uuids().map(str),
    st.emails(),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=12,
)


def odd_values(by: int, how_many: int = HOW_MANY) -> list[Any]:
    """JSON values, NaN and integers of any size among them: the same ones for the same seed `by`.

    The extremes are a third of them.
    """
    drawn: list[Any] = []

    @seed(by)
    @settings(
        max_examples=how_many,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(JSON)
    def draw(value: Any) -> None:
        drawn.append(value)

    draw()
    return drawn + [EXTREMES[n % len(EXTREMES)] for n in range(len(drawn) // 2)]
