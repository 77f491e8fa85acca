"""All faults, in the order of the table."""

from tests.faults.breaks import (
    broker,
    clock,
    intake,
    kill,
    misplaced,
    network,
    scaling,
    sleep,
    soak,
    stock,
    stop,
    store,
    warehouse,
)
from tests.faults.breaks.fault import Fault

_FLOW = (kill, stop, scaling, sleep, clock, broker, store, network, intake, misplaced, stock)
_MODULES = (*_FLOW, warehouse, soak)

FAULTS: dict[str, Fault] = {fault.name: fault for module in _MODULES for fault in module.FAULTS}
"""Name → fault."""
