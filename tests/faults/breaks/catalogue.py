"""All faults, in the order of the table."""

from tests.faults.breaks import kill, sleep, stop
from tests.faults.breaks.fault import Fault

FAULTS: dict[str, Fault] = {
    fault.name: fault for module in (kill, stop, sleep) for fault in module.FAULTS
}
"""Name → fault."""
