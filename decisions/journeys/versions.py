"""By which definition a run goes on once the playbook has another one."""

from decisions.journeys.table import Journey
from decisions.playbook import Playbook
from state.journeys import Run

REPLACED = "replaced"
"""The journey is another one now, and says that runs end with that, or has no step of that id."""
REMOVED = "removed"
"""The playbook has no such journey any more."""
UNKNOWN = "version_unknown"
"""The run was to go on by its own definition, which is not known, or cannot be read any more."""
REASONS = ("finished", "exit", "dropped", REPLACED, REMOVED, UNKNOWN)
"""Why a run can end."""


def definition(run: Run, playbook: Playbook) -> Journey | None:
    """The definition that a run follows already, if it may go on by it; else None.

    Once the playbook has no such journey, the one by which the run began says what becomes of it.
    """
    journey = playbook.journeys.get(run.journey)
    if journey is not None and run.version in journey.versions:
        return journey
    earlier = playbook.earlier.get((run.journey, run.version))
    rule = journey or earlier
    return earlier if rule is not None and rule.in_flight == "finish" else None


def successor(run: Run, playbook: Playbook) -> tuple[Journey, int] | None:
    """The definition that a run goes over to, and the step there; None where it does not."""
    journey = playbook.journeys.get(run.journey)
    earlier = playbook.earlier.get((run.journey, run.version))
    if journey is None or earlier is None or journey.in_flight != "move":
        return None
    name = earlier.names[run.step]
    return (journey, journey.names.index(name)) if name and name in journey.names else None


def why_over(run: Run, playbook: Playbook) -> str:
    """Why a run ends that has neither."""
    journey = playbook.journeys.get(run.journey)
    if journey is None:
        return REMOVED
    known = (run.journey, run.version) in playbook.earlier
    return REPLACED if known or journey.in_flight == "end" else UNKNOWN
