"""What a playbook says of what customers are interested in, read."""

from collections.abc import Sequence
from typing import Final

from decisions.format.part import Part
from decisions.language import ExpressionError, Scope, Value, compile_value
from decisions.language.kinds import DYN, STRING, element_of, is_list
from decisions.language.scope import TEXTS
from decisions.nodes import quote
from decisions.offering.interest import INTERESTS, TOPIC_BYTES, enclosed, share
from decisions.reading import Reader

DEFAULT: Final = f"has(customer.{INTERESTS}) ? customer.{INTERESTS} : []"
"""Who has declared nothing is no error."""


def read_interests(reader: Reader, book: Part, scope: Scope) -> Value | None:
    """The section `interests`, or else the trait of that name; None where there is neither."""
    if INTERESTS not in book:
        return compile_value(DEFAULT, scope) if scope.traits.get(INTERESTS) == TEXTS else None
    found = book.value(INTERESTS, scope)
    if found is not None and found.type != DYN and not _may_hold_texts(found.type):
        place = book.get(INTERESTS) or book.node
        reader.problem(place, INTERESTS, "a list of texts", found.type)
        found = None
    return found or compile_value("[]", scope)  # what is wrong with it has been said


def _may_hold_texts(kind: str) -> bool:
    return is_list(kind) and element_of(kind) in (STRING, DYN)


def read_topics(reader: Reader, part: Part, interests: Value | None) -> tuple[str, ...]:
    """What an offer is about."""
    topics = part.texts("topics")
    place = part.get("topics") or part.node
    for topic in topics:
        if len(topic.encode()) > TOPIC_BYTES:
            expected = f"at most {TOPIC_BYTES} bytes, as nobody can declare more"
            reader.problem(place, part.where("topics"), expected, quote(topic))
    if topics and interests is None:
        expected = (
            f"`{INTERESTS}`, or a trait of that name of type {TEXTS}, to say whom they concern"
        )
        reader.problem(place, part.where("topics"), expected, "neither")
    return topics


def weigh_by_interest(
    reader: Reader,
    part: Part,
    topics: Sequence[str],
    interests: Value,
    weight: Value | None,
    scope: Scope,
) -> Value | None:
    """A weight times the share of the topics that is of interest; without one the share alone."""
    source = share(topics, interests.source)
    if weight is not None:
        source = f"double{enclosed(weight.source)} * {source}"
    try:
        return reader.kept(compile_value(source, scope))
    except ExpressionError as error:
        what = f"{part.where('topics')}, by which the offer is weighed; {error.message}"
        place = part.get("topics") or part.node
        reader.problem(place, what, error.expected, error.got)
        return None
