"""All faults, in the order of the table."""

from tests.faults.breaks import broker, intake, kill, network, sleep, soak, stop, store, warehouse
from tests.faults.breaks.fault import Fault

_MODULES = (kill, stop, sleep, broker, store, network, intake, warehouse, soak)

FAULTS: dict[str, Fault] = {fault.name: fault for module in _MODULES for fault in module.FAULTS}
"""Name → fault."""
