"""What a playbook says of what customers are interested in, read."""

from typing import Final

from decisions.format.part import Part
from decisions.language import Scope, Value, compile_value
from decisions.language.kinds import DYN, STRING, element_of, is_list
from decisions.language.scope import TEXTS
from decisions.nodes import quote
from decisions.offering.interest import INTERESTS, TOPIC_BYTES
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


def read_topics(
    reader: Reader, part: Part, interests: Value | None
) -> tuple[tuple[str, ...], bool]:
    """What an offer is about, and whether the categories of its products are topics, too."""
    topics, of_products = part.texts("topics"), part.flag("topics_of_products")
    for topic in topics:
        if len(topic.encode()) > TOPIC_BYTES:
            expected = f"at most {TOPIC_BYTES} bytes, as nobody can declare more"
            _refuse(reader, part, "topics", expected, quote(topic))
    if interests is None:
        expected = (
            f"`{INTERESTS}`, or a trait of that name of type {TEXTS}, to say whom they concern"
        )
        for key, said in (("topics", topics), ("topics_of_products", of_products)):
            if said:
                _refuse(reader, part, key, expected, "neither")
    if of_products and "products" not in part:
        expected = "it beside the products whose categories are meant"
        _refuse(reader, part, "topics_of_products", expected, "no products")
    return topics, of_products


def _refuse(reader: Reader, part: Part, key: str, expected: str, got: str) -> None:
    reader.problem(part.get(key) or part.node, part.where(key), expected, got)
