import pytest

from decisions.language.parts import conjuncts, fields_read


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("a", ["a"]),
        ("a && b", ["a", "b"]),
        (
            'profile.x > 1 && ("a && b" == c || d && e) && f',
            ["profile.x > 1", '("a && b" == c || d && e)', "f"],
        ),
        ("a && b || c && d", ["a && b || c && d"]),
        ("a ? b && c : d", ["a ? b && c : d"]),
        ("x.all(i, i && j) && k[l && m]", ["x.all(i, i && j)", "k[l && m]"]),
        ("(a && b)", ["(a && b)"]),
    ],
)
def test_a_condition_is_taken_apart_at_the_top_only(source: str, parts: list[str]) -> None:
    assert conjuncts(source) == parts


def test_a_function_that_looks_back_is_found_whole_and_as_it_is_written() -> None:
    count = 'count(event.name in ["a  b", ")"]\n && [1].all(e, e == 1), 7d)'
    assert fields_read(f"{count} > 2 && seen(true) && profile.x > size([{count}])") == [
        count,
        "seen(true)",
        "profile.x",
    ]


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        (
            "profile.orders.count > 0 && now > profile.last_at",
            "profile.orders.count now profile.last_at",
        ),
        (
            'profile.affinity["shoes"] + profile.affinity.x > 1.0',
            'profile.affinity["shoes"] profile.affinity.x',
        ),
        ('"vip" in segments && event.properties.total > 1.0', ""),
        ("!has(customer.plan) || customer.plan == [1][0]", "customer.plan"),
        (
            'profile.cart.categories.exists(c, c == "x") ? 1 : -profile.cart.items',
            "profile.cart.categories profile.cart.items",
        ),
        ("profile.x == 1 || profile.x == 2", "profile.x"),
    ],
)  # fmt: skip - one case a line
def test_the_customer_s_fields_are_found_as_they_are_written(source: str, fields: str) -> None:
    assert fields_read(source) == fields.split()
