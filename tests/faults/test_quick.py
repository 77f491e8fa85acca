"""The quick selection of the fault suite: real workers, Apache Kafka, redis-server, broken once.

Workers are forked, not started: how long they are away is what `python -m tests.faults` shows.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.breaks.catalogue import FAULTS
from tests.faults.perform import perform
from tests.faults.stage.forked import Forked
from tests.faults.stage.servers import Servers
from tests.services import had

SEED = 1
QUICK = [name for name, fault in FAULTS.items() if fault.quick_s is not None]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """One Kafka for all of them."""
    started = Servers(tmp_path_factory.mktemp("faults"))
    try:
        had(started.kafka)
        yield started
    finally:
        started.kill()


@pytest.mark.faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", QUICK)
def test_no_law_is_broken_when_a_running_flow_is(
    name: str, servers: Servers, tmp_path: Path
) -> None:
    fault = FAULTS[name].short()
    if (why := fault.why_not()) is not None:
        pytest.skip(why)
    result = perform(fault, SEED, fault.full_s, servers, tmp_path, lambda _: None, Forked)
    assert result.broken == []
    assert result.times > 0
