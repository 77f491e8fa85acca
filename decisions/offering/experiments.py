"""Who is in which arm of an experiment, and who is held out.

By a hash of the experiment's salt and the customer's id: for the same salt always the same, for
another one independent of it, and nothing need be kept. A control is an experiment like others; its
arm `control` gets fallback offers only, or none of a group.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from state.touchpoint import identity

EVERYTHING: Final = "control"
"""The experiment that holds customers out of all offers but fallbacks."""
HELD_OUT: Final = "control"
TREATED: Final = "treated"
"""The arms of a control."""


class Experiment(Struct, frozen=True):
    """Arms with their shares; who falls into none takes no part."""

    id: str
    salt: str
    arms: tuple[tuple[str, int], ...]
    """(arm, percent of all customers), at most 100 together."""

    def arm_of(self, customer_id: str) -> str:
        """The customer's arm; "" = none."""
        drawn = int.from_bytes(identity("experiment", self.salt, customer_id)[:8])
        percent = drawn * 100 >> 64
        for arm, share in self.arms:
            if percent < share:
                return arm
            percent -= share
        return ""


def control(name: str, salt: str, share: int) -> Experiment:
    """Holds out so many percent of all customers."""
    return Experiment(name, salt, ((HELD_OUT, share), (TREATED, 100 - share)))


def control_of(group: str) -> str:
    """The name of the experiment that holds customers out of a group's offers."""
    return f"{EVERYTHING}.{group}"


def is_control(name: str) -> bool:
    """Whether an experiment of that name holds customers out."""
    return name.partition(".")[0] == EVERYTHING


def assigned(experiments: Iterable[Experiment], customer_id: str) -> dict[str, str]:
    """Experiment → the customer's arm, of those they take part in."""
    found = {one.id: one.arm_of(customer_id) for one in experiments}
    return {name: arm for name, arm in found.items() if arm}
