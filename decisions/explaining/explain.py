"""A rule of a playbook, found by its name and told in words."""

from collections.abc import Iterator
from difflib import get_close_matches

from decisions.explaining import of_alert, of_journey, of_offer, of_segment
from decisions.explaining.actions import rows
from decisions.explaining.clauses import Line
from decisions.explaining.page import Page, Part, part
from decisions.explaining.phrases import listed
from decisions.explaining.relations import Rule, names, rests_on, rules, used_by
from decisions.journeys.table import Journey
from decisions.offering.catalogue import Offer
from decisions.playbook import Playbook
from decisions.rules import Alert, Segment

NEAREST = 3


class UnknownRule(ValueError):
    """No rule has that name, or several have; the text says which there are."""


def explain(playbook: Playbook, name: str) -> Page:
    """All that is said of the rule `name`: segment.vip, or vip where no other rule is called so.

    Raises UnknownRule.
    """
    full = _found(playbook, name)
    kind, _, short = full.partition(".")
    users = used_by(full, playbook)
    if kind == "route":
        table = part("rows", "The first row that fits is taken", rows(playbook.routes[short]))
        return Page(kind, short, "", (table, _used(users, playbook)), (), users)
    rule = rules(playbook)[full]
    below = rests_on(rule)
    rests = part("rests_on", "It rests on", _titled(below, playbook))
    parts = (*_parts(rule, playbook), rests, _used(users, playbook))
    title = "" if isinstance(rule, Alert) else rule.title
    return Page(kind, short, title, parts, below, users)


def _parts(rule: Rule, playbook: Playbook) -> Iterator[Part]:
    match rule:
        case Segment():
            return of_segment.parts(rule, playbook)
        case Offer():
            return of_offer.parts(rule, playbook)
        case Alert():
            return of_alert.parts(rule, playbook)
        case Journey():
            return of_journey.parts(rule, playbook)


def _used(users: tuple[str, ...], playbook: Playbook) -> Part:
    return part("used_by", "What rests on it", _titled(users, playbook))


def _titled(found: tuple[str, ...], playbook: Playbook) -> Iterator[Line]:
    known = rules(playbook)
    for name in found:
        rule = known.get(name)
        title = "" if rule is None or isinstance(rule, Alert) else f": {rule.title}"
        yield Line(f"{name}{title}")


def _found(playbook: Playbook, name: str) -> str:
    known = names(playbook)
    if name in known:
        return name
    alike = [full for full in known if _short(full) == name]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise UnknownRule(f"expected one of {listed(alike, 'or')}, got {name}, which all are")
    short = name.rpartition(".")[2]
    near = [full for full in known if _short(full) == short]
    near = near or get_close_matches(name, [*known, *map(_short, known)], NEAREST)
    told = dict.fromkeys(_full(one, known) for one in near)
    there = f"; the playbook has {listed(known)}" if known else ", and the playbook has none"
    hint = f"; did you mean {listed(list(told), 'or')}?" if told else there
    usual = "the name of a segment, offer, alert, journey or route, such as segment.vip"
    raise UnknownRule(f"expected {usual}, got {name}{hint}")


def _full(name: str, known: tuple[str, ...]) -> str:
    return next(full for full in known if name in (full, _short(full)))


def _short(full: str) -> str:
    return full.partition(".")[2]
