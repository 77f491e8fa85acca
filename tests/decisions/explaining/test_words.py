# ruff: noqa: E501 - a sentence is a line
"""Every construct of the language has words, and these are they."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from decisions.actions.kinds import KINDS
from decisions.explaining import clauses, nouns
from decisions.explaining.actions import ASKS
from decisions.explaining.asking import SECTIONS
from decisions.explaining.comparisons import AGO, NUMBERS, OPPOSITE, SPANS, TIMES
from decisions.explaining.field_words import CHANGES, FLAGS, HOLDS, NOUNS
from decisions.explaining.of_journey import IN_FLIGHT
from decisions.explaining.phrases import moment, number, ordinal, span
from decisions.explaining.reading import reads
from decisions.format.journey_keys import JOURNEY
from decisions.format.keys import Choice
from decisions.language import ExpressionError
from decisions.language.fields import FIELDS, KEYS
from decisions.language.functions import FUNCTIONS, METHODS
from decisions.language.grammar.parser import _POWER, parse
from decisions.language.kinds import BOOL
from state import sections
from tests.decisions.language.test_against_cel import expressions
from tests.decisions.test_playbook_docs import MEANINGS, ROWS

SAYS = {
    "now - profile.orders.last_at < 30d": "the last order was less than 30 days ago",
    "has(customer.plan) && profile.orders.count > 1": "the customer's plan is known and the number of orders is more than 1",
    "profile.orders.count == 1": "the number of orders is 1",
    "profile.chat.rating != 5": "the last rating of a chat is not 5",
    "profile.cart.value < 159.0": "the value of the cart is less than 159",
    "profile.cart.value <= 159.0": "the value of the cart is at most 159",
    "profile.orders.value > 2000.0": "the value of all orders is more than 2,000",
    "profile.cart.items >= 2": "the number of pieces in the cart is at least 2",
    'event.name == "Live Chat Conversation Ended"': 'the event is "Live Chat Conversation Ended"',
    '"vip" in segments': "the customer is in the segment vip",
    'in_segment("vip")': "the customer is in the segment vip",
    "profile.chat.rating in [1, 2]": "the last rating of a chat is 1 or 2",
    '"Order Completed" in profile.events': 'an event "Order Completed" has been seen',
    '"rating" in event.properties': 'the event says its "rating"',
    '"vip" in segments && profile.cart.items > 0': "the customer is in the segment vip and the number of pieces in the cart is more than 0",
    "profile.orders.count >= 3 || profile.orders.value >= 2000.0": "the number of orders is at least 3 or the value of all orders is at least 2,000",
    "!profile.email.unsubscribed": "the customer has not unsubscribed from mail",
    "false && event.properties.discount > 1": 'it is never so and the event\'s "discount" is more than 1',
    'now - profile.orders.last_at > duration("30d")': "the last order was more than 30 days ago, or never",
    'now < timestamp("2026-11-28T00:00:00Z")': "now is before 2026-11-28 00:00 UTC",
    "now - profile.orders.last_at > 30d": "the last order was more than 30 days ago, or never",
    'seen(event.name == "Order Completed")': 'an event "Order Completed" has ever happened',
    'sequence(event.name == "Kiosk Transaction Failed", event.name == "Live Chat Conversation Ended", 2h)': 'an event "Kiosk Transaction Failed" was followed by an event "Live Chat Conversation Ended" within 2 hours, at most 2 hours ago',
    'customer.city.startsWith("Ber")': 'the customer\'s city begins with "Ber"',
    "customer.city.endsWith('lin')": 'the customer\'s city ends with "lin"',
    'customer.city.contains("erl")': 'the customer\'s city contains "erl"',
    'event.name.matches("^Live Chat .*(Ended|Rated)$")': 'the event\'s name fits the pattern "^Live Chat .*(Ended|Rated)$"',
    'customer.city.matches("(?i)^b")': 'the customer\'s city fits the pattern "(?i)^b"',
    'event.properties.agent.name.lowerAscii() == "kim"': 'the event\'s "agent.name" in small letters is "kim"',
    'r"C:\\new" == "C:\\\\new"': '"C:\\\\new" is "C:\\\\new"',
    'profile.cart.categories.exists(c, c.startsWith("kids"))': 'for at least one c of the categories in the cart: c begins with "kids"',
    'profile.cart.product_ids.all(p, p != "")': 'for every p of the products in the cart: p is not ""',
    'profile.cart.categories.exists_one(c, c.contains("shoes"))': 'for exactly one c of the categories in the cart: c contains "shoes"',
    "[] == segments": "the customer's segments is an empty list",
    'has(customer.plan) && customer.plan == "plus"': 'the customer\'s plan is "plus"',
    "has(event.properties.rating) && event.properties.rating < 3": 'the event\'s "rating" is less than 3',
    "has(event.properties.total)": 'the event says its "total"',
    "event.properties.agent == null": 'the event\'s "agent" is nothing',
    "has(event.traits.city)": 'the event says the customer\'s "city"',
    'profile.affinity["kids-shoes"] > 2.9': 'the interest in "kids-shoes" is more than 2.9',
    "has(profile.channels.email)": 'something has come through "email"',
    'bool("true")': '"true" as true or false is true',
    "true": "it is always so",
    "3 <= profile.orders.count": "the number of orders is at least 3",
    "profile.orders.last_at < now - 30d": "the last order was more than 30 days ago, or never",
    "now - 30d >= profile.orders.last_at": "the last order was at least 30 days ago, or never",
    "profile.orders.last_at + 30d < now": "30 days after the last order is before now",
    'now - profile.orders.last_at >= duration("90m")': "the last order was at least 1 hour 30 minutes ago, or never",
    "now - event.at == 1h": "the event's time was exactly 1 hour ago",
    'since(event.name == "Email Opened" && event.properties.x > 1) > 30d': 'the last event "Email Opened" where the event\'s "x" is more than 1 was more than 30 days ago',
    'count(event.channel == "kiosk", 12h) >= 2': 'the number in the last 12 hours of events where the event\'s channel is "kiosk" is at least 2',
    'count(event.name in ["A", "B"] && (event.type == "track" || has(event.properties.x)), 7d) >= 1': 'the number in the last 7 days of events "A" or "B" where (the event\'s type is "track" or the event says its "x") is at least 1',
    "count(true, 1d) > 5": "the number of events in the last 1 day is more than 5",
    "sum(event.properties.total, true, 90d) > 100.0": 'the sum of the event\'s "total" over events in the last 90 days is more than 100',
    "profile.email.unsubscribed == false": "the customer has not unsubscribed from mail",
    "profile.orders.last_at == profile.chat.last_at": "the last order is at the last chat message",
    "profile.orders.last_at - profile.chat.last_at > 1h": "the time from the last chat message to the last order is longer than 1 hour",
    "(profile.orders.count + 1) * 2 > 5": "(the number of orders plus 1) times 2 is more than 5",
    'profile.orders.count > 1 && (profile.chat.open || "vip" in segments)': "the number of orders is more than 1 and (a chat is going on or the customer is in the segment vip)",
    '!(profile.chat.open || "vip" in segments)': "no chat is going on and the customer is not in the segment vip",
    "profile.orders.count > 0 ? profile.chat.open : customer.member": "a chat is going on if the number of orders is more than 0, else the customer's member is true",
    "customer.member": "the customer's member is true",
    "profile.affinity[profile.top_category] > 1.0": "the interest in the category of most interest is more than 1",
    'key == "a"': 'the key of the run is "a"',
    "profile.cart.categories == []": "the categories in the cart is an empty list",
    "customer.age in [3]": "the customer's age is 3",
    "size(event.properties.list.filter(e, e.n > 1)) > 2": 'the size of those e of the event\'s "list" for which the "n" of e is more than 1 is more than 2',
    'event.properties.list[1].name == "x"': 'the "name" of entry 2 of the event\'s "list" is "x"',
    'profile.cart.categories[profile.cart.items - 1] == "a"': 'the entry (the number of pieces in the cart less 1) of the categories in the cart is "a"',
    "profile.email.unsubscribed ? true : false": "it is always so if the customer wants no more mail, else it is never so",
}
SAYS_NOT = {
    '"vip" in segments': "the customer is not in the segment vip",
    "profile.orders.count >= 3": "the number of orders is less than 3",
    "profile.chat.rating in [1, 2]": "the last rating of a chat is neither 1 nor 2",
    "profile.chat.open": "no chat is going on",
    '"Order Completed" in profile.events': 'no event "Order Completed" has been seen',
    'customer.city.startsWith("B")': 'the customer\'s city does not begin with "B"',
    'profile.cart.categories.exists(c, c == "a")': 'for no c of the categories in the cart: c is "a"',
    'seen(event.name == "A")': 'no event "A" has ever happened',
    'has(customer.plan) && customer.plan == "plus"': 'the customer\'s plan is not "plus", or is missing',
    "has(customer.plan)": "the customer's plan is not known",
    "now - profile.orders.last_at > 30d": "the last order was at most 30 days ago",
    'since(event.name == "A") < 2h': 'the last event "A" was at least 2 hours ago',
    'event.name == "A"': 'the event is not "A"',
    'event.name in ["A", "B"]': 'the event is neither "A" nor "B"',
    "profile.orders.count > 1 && profile.chat.open": "the number of orders is at most 1 or no chat is going on",
    "true": "it is never so",
    'sequence(event.name == "A", event.name == "B", 2h)': 'no event "A" was followed by an event "B" within 2 hours, at most 2 hours ago',
    '"a" in profile.cart.product_ids': '"a" is not among the products in the cart',
    "profile.chat.open == true": "no chat is going on",
    "profile.orders.count > 0 ? profile.chat.open : customer.member": "no chat is going on if the number of orders is more than 0, else the customer's member is not true",
}
CALLED = {
    'profile.orders.count > 0 ? "buyer" : "newcomer"': '"buyer" if the number of orders is more than 0, else "newcomer"',
    "profile.kiosk.failures + profile.chat.conversations": "the number of transactions that failed at a kiosk plus the number of chats",
    "profile.cart.items - 1": "the number of pieces in the cart less 1",
    "profile.cart.items * 3": "the number of pieces in the cart times 3",
    "7 / profile.cart.items": "7 divided by the number of pieces in the cart",
    "7 % profile.cart.items": "the remainder of 7 divided by the number of pieces in the cart",
    "-profile.orders.count": "minus the number of orders",
    "profile.orders.value + 100.0": "the value of all orders plus 100",
    "profile.orders.value - profile.cart.value": "the value of all orders less the value of the cart",
    "profile.cart.value * 0.5": "the value of the cart times 0.5",
    "profile.orders.value / 2.0": "the value of all orders divided by 2",
    "7 / profile.kiosk.transactions": "7 divided by the number of transactions completed at a kiosk",
    "profile.orders.value + 1.5e3": "the value of all orders plus 1,500",
    "now": "now",
    "now - profile.orders.last_at": "the time since the last order",
    'now - duration("1h30m")': "1 hour 30 minutes before now",
    'profile.chat.last_at + duration("1d")': "1 day after the last chat message",
    'duration("1d") + profile.chat.last_at': "1 day after the last chat message",
    'duration("1d") + duration("12h")': "1 day plus 12 hours",
    'duration("1d") - duration("12h")': "1 day less 12 hours",
    "timestamp(1700000000)": "2023-11-14 22:13:20 UTC",
    "event.at.getHours()": "the hour of the event's time",
    'event.at.getHours("Europe/Berlin")': 'the hour of the event\'s time in "Europe/Berlin"',
    'event.at.getHours("+05:30")': 'the hour of the event\'s time in "+05:30"',
    "event.at.getMinutes()": "the minute of the event's time",
    "event.at.getSeconds()": "the second of the event's time",
    "event.at.getDayOfWeek()": "the weekday (0 = Sunday) of the event's time",
    "event.at.getDate()": "the day of the month of the event's time",
    "event.at.getDayOfMonth()": "the day of the month (from 0) of the event's time",
    "event.at.getDayOfYear()": "the day of the year (from 0) of the event's time",
    "event.at.getMonth()": "the month (from 0) of the event's time",
    "event.at.getFullYear()": "the year of the event's time",
    'duration("90m").getHours()': "the whole hours of 1 hour 30 minutes",
    "profile.email.last_opened_at": "the last mail opened",
    'count(event.name == "Product Added", 7d)': 'the number of events "Product Added" in the last 7 days',
    'sum(event.properties.total, event.name == "Order Completed", 90d)': 'the sum of the event\'s "total" over events "Order Completed" in the last 90 days',
    'since(event.name == "Kiosk Transaction Failed")': 'the time since the last event "Kiosk Transaction Failed"',
    '"Dear " + customer.city': '"Dear " followed by the customer\'s city',
    "customer.city.upperAscii()": "the customer's city in capitals",
    '"  a b ".trim()': '"  a b " without spaces around it',
    '"kids-shoes".replace("-", " ")': '"kids-shoes" with " " in place of "-"',
    '"kids-shoes".substring(5)': '"kids-shoes" from position 5 on',
    '"kids-shoes".substring(0, 4)': '"kids-shoes" from position 0 to before 4',
    '"kids-shoes".indexOf("-")': 'the position of "-" in "kids-shoes"',
    '"kids-shoes".indexOf("s", 4)': 'the position of "s" in "kids-shoes", from 4 on',
    '"kids-shoes".split("-")': 'the parts of "kids-shoes" between "-"',
    '"a,b,c".split(",", 2)': 'the first 2 parts of "a,b,c" between ","',
    'event.properties.topics.join(", ")': 'the event\'s "topics" as one text with ", " between',
    "size(customer.city)": "the size of the customer's city",
    "customer.city.size()": "the size of the customer's city",
    "profile.cart.categories": "the categories in the cart",
    "profile.cart.categories[0]": "entry 1 of the categories in the cart",
    'event.properties.topics.filter(t, t != "price")': 'those t of the event\'s "topics" for which t is not "price"',
    "event.properties.topics.map(t, size(t))": 'the size of t for each t of the event\'s "topics"',
    'event.properties.topics.map(t, t != "price", size(t))': 'the size of t for each t of the event\'s "topics" for which t is not "price"',
    "[1, 2] + [3]": "the list of 1, 2 together with the list of 3",
    "size(segments)": "the size of the customer's segments",
    "event.properties.agent.name": 'the event\'s "agent.name"',
    'event.properties["agent"]["name"]': 'the event\'s "agent.name"',
    "event.properties.total > 9.0": 'whether the event\'s "total" is more than 9',
    'profile.affinity["tents"]': 'the interest in "tents"',
    'profile.channels["kiosk"].events': 'the number of events through "kiosk"',
    "profile.channels.kiosk.last_at": 'the last event through "kiosk"',
    'profile.events["Kiosk Transaction Failed"]': 'the number of events "Kiosk Transaction Failed"',
    "int(profile.cart.value)": "the value of the cart as a whole number",
    'int("42")': '"42" as a whole number',
    "double(profile.orders.count)": "the number of orders as a decimal number",
    'double("2.5")': '"2.5" as a decimal number',
    "double(profile.orders.count) * 0.5": "the number of orders as a decimal number times 0.5",
    'timestamp("2026-11-27T08:00:00+01:00")': "2026-11-27 07:00 UTC",
    "timestamp(event.at)": "the event's time",
    'duration("90s")': "1 minute 30 seconds",
    "string(profile.orders.count)": "the number of orders as a text",
    "string(profile.cart.value)": "the value of the cart as a text",
    'string(duration("90s"))': "1 minute 30 seconds as a text",
}


@pytest.mark.parametrize(("source", "said"), SAYS.items())
def test_a_condition_is_said_in_words(source: str, said: str) -> None:
    assert clauses.says(parse(source)) == said


@pytest.mark.parametrize(("source", "said"), SAYS_NOT.items())
def test_what_is_not_so_is_said_without_brackets_around_a_not(source: str, said: str) -> None:
    assert clauses.says(parse(source), yes=False) == said
    assert clauses.says(parse(f"!({source})")) == said


@pytest.mark.parametrize(("source", "called"), CALLED.items())
def test_a_value_has_a_name(source: str, called: str) -> None:
    assert nouns.noun(parse(source)) == called


def test_the_sentences_are_of_every_kind_of_node_and_every_function_there_is() -> None:
    """The table of the documentation holds each: a test of its own says so."""
    assert {source for source, _ in ROWS} <= {*SAYS, *CALLED}
    text = " ".join((*SAYS, *CALLED))
    assert [name for name in (*FUNCTIONS, *METHODS) if f"{name}(" not in text] == []
    assert [one for one in _POWER if f" {one} " not in text] == []


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_has_words_of_its_own(field: object) -> None:
    assert isinstance(field, type(FIELDS[0]))
    words = NOUNS[field.name]
    assert [name for name, other in NOUNS.items() if other == words] == [field.name]
    assert ("{key}" in words) is ("[key]" in field.name)
    assert (field.name in FLAGS) is (field.type == BOOL)
    by_time = bool(field.change or field.slope or field.fades)
    assert (field.name in CHANGES) is by_time
    if field.type == KEYS:
        assert field.name in HOLDS
    written = field.name.replace("[key]", '["a"]')
    if field.type != KEYS:
        said = nouns.noun(parse(written))
        assert said == words.replace("{key}", '"a"')
        assert [(one.name, one.doc) for one in reads([written], {})] == [
            (field.name.replace("[key]", ".a"), field.doc)
        ]


def test_there_are_words_for_nothing_that_there_is_not() -> None:
    names = {field.name for field in FIELDS}
    assert set(NOUNS) == names
    assert set(FLAGS) | set(HOLDS) | set(CHANGES) <= names


def test_every_kind_of_what_a_rule_says_has_words() -> None:
    assert set(ASKS) == set(KINDS)
    bits = {value for name, value in vars(sections).items() if name.isupper() and name != "Final"}
    assert set(SECTIONS) == bits - {sections.NOW, sections.EVENT}
    in_flight = JOURNEY["in_flight"].kind
    assert isinstance(in_flight, Choice)
    assert set(IN_FLIGHT) == set(in_flight.of)
    for words in (NUMBERS, SPANS, TIMES, AGO):
        assert set(words) == set(OPPOSITE) == {one for one in _POWER if one[0] in "<>=!"}


@settings(max_examples=200, deadline=None)
@given(expressions(), st.booleans())
def test_whatever_is_an_expression_has_words_on_one_line(source: str, yes: bool) -> None:
    try:
        tree = parse(source)
    except ExpressionError:
        assume(False)
    for said in (clauses.says(tree, yes), nouns.noun(tree), clauses.tree(tree, yes).text):
        assert said.strip() == said != ""
        assert "\n" not in said
        assert "{}" not in said


@pytest.mark.parametrize(("written", "source"), MEANINGS)
def test_a_condition_without_an_expression_has_the_words_of_what_it_means(
    written: str, source: str
) -> None:
    assert clauses.condition(source).text


def test_what_must_be_true_together_is_a_list() -> None:
    found = clauses.condition(
        'profile.orders.count > 1 && (profile.chat.open || "vip" in segments)'
        " && !(profile.email.unsubscribed || profile.trimmed > 0) && (true && false)"
    )
    text = clauses.Line
    assert found == text(
        "all of these are so:",
        (
            text("the number of orders is more than 1"),
            text(
                "at least one of these is so:",
                (text("a chat is going on"), text("the customer is in the segment vip")),
            ),
            text(
                "none of these is so:",
                (
                    text("the customer wants no more mail"),
                    text("the number of entries dropped from the profile is more than 0"),
                ),
            ),
            text("it is always so"),
            text("it is never so"),
        ),
    )
    assert clauses.condition("!(true && false)").text == "not all of these are so:"


def test_how_time_alone_changes_what_is_read_is_said() -> None:
    source = (
        'count(event.name == "A", 7d) > 1 && sum(event.properties.x, true, 1d) > 1.0'
        ' && since(event.name == "A") > 2h && seen(event.name == "A")'
        ' && sequence(event.name == "A", event.name == "B", 2h) && customer.age > 1'
        ' && profile.affinity["shoes"] > 1.0 && in_segment("vip") && profile.orders.count > 1'
    )
    assert [(one.name, one.changes) for one in reads([source, source], {"age": "int"})] == [
        ('count((event.name == "A"), duration("7d"))', "when an event leaves the last 7 days"),
        ('sum(event.properties.x, true, duration("1d"))', "when an event leaves the last 1 day"),
        ('since((event.name == "A"))', "as time passes"),
        ('seen((event.name == "A"))', ""),
        (
            'sequence((event.name == "A"), (event.name == "B"), duration("2h"))',
            "2 hours after it was complete",
        ),
        ("customer.age", ""),
        ("profile.affinity.shoes", "as interest fades, by half every 30 days"),
        ("segments", ""),
        ("profile.orders.count", ""),
    ]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (span(5_400_000), "1 hour 30 minutes"),
        (span(-86_400_000), "minus 1 day"),
        (span(0), "no time"),
        (span(1), "1 millisecond"),
        (number(2000.0), "2,000"),
        (number(1_234_567), "1,234,567"),
        (number(0.5), "0.5"),
        (moment(1_700_000_000_000), "2023-11-14 22:13:20 UTC"),
        (moment(1_700_000_000_001), "2023-11-14 22:13:20.001 UTC"),
        (moment(0), "1970-01-01 00:00 UTC"),
        (
            " ".join(map(ordinal, (1, 2, 3, 4, 11, 12, 13, 21))),
            "1st 2nd 3rd 4th 11th 12th 13th 21st",
        ),
    ],
)
def test_numbers_and_times_are_written_as_people_do(said: str, words: str) -> None:
    assert said == words
