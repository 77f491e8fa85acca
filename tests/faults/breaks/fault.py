"""What a fault is: a name, a stage, and a function that breaks things on it."""

import random
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field, structs

from tests.faults.stage.arena import Arena
from tests.faults.stage.crew import Under, plainly
from tests.faults.stage.load import Change
from tests.faults.stage.writer import Warehouse
from tests.faults.world import PLAYBOOK


class Stage(Struct, frozen=True):
    """What is running when a fault begins."""

    brokers: int = 1
    """Kafka nodes: 1 or 3."""
    partitions: int = 8
    processes: int = 2
    customers: int = 100_000
    rate: float = 300
    """Events a second."""
    backlog: int = 0
    """Events that are due already."""
    flush_events: int = 200
    change: Callable[[random.Random, dict[str, int]], Change] | None = None
    """What is done to the input, drawn from the seed; it counts what it does."""
    at_once: int = 4
    """Shards that are judged together: their customers are in memory."""
    repeats: bool = True
    """Whether the logs may hold a record a second time, for readers to drop."""
    proxied: bool = False
    """Whether the workers reach both servers through a proxy."""
    judged: bool = True
    """Whether the laws hold afterwards; else going on is refused, and the fault sees to that."""
    under: Under = plainly
    """How the workers' lives are started."""
    flat: bool = False
    """Whether memory and open files of each life that is long enough are held to `laws.flat`."""
    settings: dict[str, str] = field(default_factory=dict)
    """Of the workers (TOUCHLINE_...), where they are not as `World` has them."""
    warehouse: Warehouse | None = None
    """Whether the warehouse's writer runs beside the workers, and where it writes to."""
    playbook: Path = PLAYBOOK


class Fault(Struct, frozen=True):
    """One row of the table."""

    name: str
    about: str
    """What is broken, in a few words."""
    run: Callable[[Arena], None]
    full_s: float
    """How long it goes on breaking, unless told otherwise; starts and checks come on top."""
    quick_s: float | None = None
    """The same in the quick selection; None: not in it."""
    stage: Stage = Stage()
    quick_stage: Stage | None = None
    """A smaller one for the quick selection."""
    why_not: Callable[[], str | None] = lambda: None
    """A sentence when this machine does not allow it; it is left out then."""

    def short(self) -> "Fault":
        """As it is in the quick selection."""
        stage = self.quick_stage or self.stage
        return structs.replace(self, full_s=self.quick_s or self.full_s, stage=stage)
