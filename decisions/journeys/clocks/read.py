"""Hours of the day and the zone they are meant in, read from a playbook."""

from decisions.format.part import Part
from decisions.journeys.clocks.local_time import LocalTime, Quiet
from decisions.journeys.clocks.zones import zones
from decisions.language import Scope
from decisions.language.errors import nearest
from decisions.language.kinds import DYN, STRING
from decisions.nodes import quote
from decisions.reading import Reader


def read_hours(reader: Reader, part: Part) -> Quiet | None:
    """The keys `from` and `to`."""
    start, end = part.time_of_day("from"), part.time_of_day("to")
    if start is None or end is None:
        return None
    if start == end:
        place = part.get("to") or part.node
        reader.problem(place, part.where("to"), "another time than from", "the same")
    return Quiet(start, end)


def read_local_time(reader: Reader, part: Part, scope: Scope) -> LocalTime | None:
    """The keys `zone` and `otherwise`."""
    zone = part.value("zone", scope)
    if zone is not None and zone.type not in (STRING, DYN):
        place = part.get("zone") or part.node
        reader.problem(place, part.where("zone"), "a text", zone.type)
    name, known = part.text("otherwise"), zones()
    if name and name not in known:
        place, where = part.get("otherwise") or part.node, part.where("otherwise")
        expected = "an IANA time zone such as Europe/Berlin"
        # Short names lie close to each other, and far apart on the map: CEST is not EST.
        near = nearest(name, [zone for zone in known if "/" in zone])
        reader.problem(place, where, expected, quote(name), near)
    return LocalTime(zone, known[name], known) if name in known else None
