"""A playbook's section `limits`, read."""

from decisions.document import Mapping, Node
from decisions.format.limit_keys import DUPLICATES, LIMITS
from decisions.format.part import Part
from decisions.reading import Reader
from state.limits import USUAL, Limits
from state.repeats import Window


def read_limits(reader: Reader, node: Node | None) -> Limits:
    """What it says; of what it does not, or says wrongly, the usual ones."""
    part = Part(reader, node or NOTHING, "limits", LIMITS)
    again = Part(reader, part.get("duplicates") or NOTHING, "limits.duplicates", DUPLICATES)
    return Limits(
        duplicates=Window(
            ids=again.whole("ids") or USUAL.duplicates.ids,
            within_ms=again.duration("within") or USUAL.duplicates.within_ms,
        ),
        late_ms=part.duration("late") or USUAL.late_ms,
        ahead_ms=part.duration("ahead") or USUAL.ahead_ms,
    )


NOTHING = Mapping(0, 0, [])
"""Stands for a section that is not there."""
