"""The commands of topics, both flows and the simulator, run here as the stack runs them."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import redis
from deltalake import DeltaTable

from connectors.kafka.topics import DEAD_LETTER, FORWARD, all_topics, check_topics, create_topics
from flows.local.process import Process
from flows.local.services import start_kafka
from flows.settings import read_settings
from tests.services import redis_server, running
from tests.stack.compose import FLOWS, SERVICES
from tests.stack.natively import Here, answer, until

NOBODY = "127.0.0.1:1"

Started = dict[str, tuple[Process, Mapping[str, str]]]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """A broker without topics and an empty Redis in the place of the stack's."""
    folder = tmp_path_factory.mktemp("stack")
    for kafka in running(start_kafka, folder / "kafka"):
        for server in running(redis_server, folder / "redis"):
            yield Here(kafka.bootstrap_servers, server.redis_url, folder)


@pytest.fixture(scope="module")
def topics(here: Here) -> str:
    """What the one-shot service said."""
    process = here.start("topics", here.environment(SERVICES["topics"]))
    assert process.wait_or_kill(30) == 0, process.last_lines(20)
    return process.log.read_text()


@pytest.fixture(scope="module")
def flows(here: Here, topics: str) -> Iterator[Started]:
    """Both flows; afterwards each has ended in order, within the time it is given."""
    started: Started = {}
    for name in FLOWS:
        environment = here.environment(SERVICES[name])
        started[name] = (here.start(name, environment), environment)
    yield started
    for name, (process, _) in started.items():
        grace_s = float(SERVICES[name]["stop_grace_period"].removesuffix("s"))
        assert process.stop(grace_s) == 0, process.last_lines(20)


def healthy(name: str, environment: Mapping[str, str]) -> bool:
    """What the health check of a flow says, run as it is."""
    kind, python, *arguments = SERVICES[name]["healthcheck"]["test"]
    assert (kind, python) == ("CMD", "python")
    done = subprocess.run(
        [sys.executable, *arguments], env=dict(environment), capture_output=True, check=False
    )
    assert done.returncode in (0, 1)  # all that Docker allows
    return done.returncode == 0


def test_the_topics_are_made_once_and_a_dead_letter_may_be_larger(here: Here, topics: str) -> None:
    assert "made touchpoints.dead-letter: 16 partitions" in topics
    settings = read_settings(here.environment(SERVICES["touchpoints"]))
    assert create_topics(settings.kafka_config, settings.channels, settings.partitions) == ()
    assert check_topics(settings.kafka_config, settings.channels, settings.partitions) == []
    wanted = {topic.name: topic.max_message_bytes for topic in all_topics(settings.channels)}
    assert wanted.pop(FORWARD) > max(wanted[name] for name in wanted if name != DEAD_LETTER)
    assert wanted.pop(DEAD_LETTER) > 4 / 3 * max(wanted.values())  # an event is in base64 there


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_becomes_healthy(flows: Started, name: str) -> None:
    process, environment = flows[name]
    until(lambda: healthy(name, environment), process)


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_that_is_not_there_is_not_healthy(here: Here, name: str) -> None:
    assert not healthy(name, here.environment(SERVICES[name]))


def test_a_flow_that_waits_for_kafka_is_not_healthy(tmp_path: Path) -> None:
    waiting = Here(NOBODY, f"redis://{NOBODY}/0", tmp_path)
    environment = waiting.environment(SERVICES["touchpoints"])
    process = waiting.start("touchpoints", environment)
    alive = f"http://127.0.0.1:{environment['TOUCHLINE_METRICS_PORT']}/healthz"
    until(lambda: answer(alive) is not None, process)
    assert not healthy("touchpoints", environment)
    assert process.stop(30) == 0


def test_simulated_customers_get_offers_and_rows(here: Here, flows: Started) -> None:
    environment = here.environment(SERVICES["simulator"])
    process = here.start("simulator", environment)
    client = redis.Redis.from_url(environment["TOUCHLINE_REDIS_URL"])
    tables = [here.warehouse / name for name in ("touchpoints", "actions")]

    def seen() -> bool:
        offers = next(client.scan_iter("touchline:offers:*", count=1000), None)
        written = [t for t in tables if DeltaTable.is_deltatable(str(t))]
        return (
            offers is not None
            and all(DeltaTable(t).file_uris() for t in written)
            and (written == tables)
        )

    until(seen, process)
    assert process.stop(10) == 0
    assert " 0 not delivered" in process.log.read_text()
