"""What the fault suite stands on: a load, fuzzed events, a clock that is off, a proxy that cuts."""

import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from connectors.kafka.murmur2 import partition_of
from flows.local.ports import LOOPBACK
from flows.simulate.stream import Emission, stream
from tests.faults.stage.armed_writer import POINTS
from tests.faults.stage.fuzzer import Fuzzer
from tests.faults.stage.load import Load, Sent
from tests.faults.stage.proxy import NONE, Proxy, Trouble
from tests.faults.world import PRODUCERS, ROOT


def sent_all(load: Load, over: threading.Event) -> None:
    """Let it send until `over`, and wait until that is acknowledged."""
    load.start()
    assert over.wait(30)
    load.stop()


def test_a_load_that_fails_says_so(mock_cluster: str) -> None:
    over = threading.Event()

    def fail(_emission: Emission) -> Emission:
        over.set()
        raise RuntimeError("on purpose")

    def failing(emissions: Iterator[Emission]) -> Iterable[Emission]:
        return map(fail, emissions)

    load = Load(mock_cluster, 1, 10, 1_000, failing)
    sent_all(load, over)
    assert load.refused == ["the load ended by itself: RuntimeError: on purpose"]


@pytest.mark.parametrize("producer", PRODUCERS)
def test_an_event_is_sent_with_the_key_of_the_producer_that_it_names(
    mock_cluster: str, producer: str
) -> None:
    over = threading.Event()

    def by_producer(emissions: Iterator[Emission]) -> Iterator[Sent]:
        for _ in islice(emissions, 3):
            yield Sent(0, "click", "c-1", b"{}", producer=producer)
        over.set()

    load = Load(mock_cluster, 1, 10, 1_000, by_producer)
    sent_all(load, over)
    assert load.refused == []
    assert load.acknowledged == 3
    consumer = Consumer({"bootstrap.servers": mock_cluster, "group.id": "test"})
    parts = consumer.list_topics("touchpoints.click").topics["touchpoints.click"].partitions
    consumer.assign([TopicPartition("touchpoints.click", p, 0) for p in parts])
    key = PRODUCERS[producer][1]("c-1")
    found = consumer.consume(3, 20)
    consumer.close()
    assert [m.key() for m in found] == [key.encode() if key else None] * 3
    if producer == "right":
        assert {m.partition() for m in found} == {partition_of("c-1", len(parts))}


CLOCK = """
import sys, time
from pathlib import Path
from tests.faults.stage.clock import set_off, shift
file, right_ns, steady_s = Path(sys.argv[1]), time.time_ns, time.monotonic
shift(file)
for seconds in (0.0, -600.0, 600.0):
    if seconds:
        set_off(file, seconds)
    print(round((time.time_ns() - right_ns()) / 1e9), round(time.time() - right_ns() / 1e9))
assert time.monotonic is steady_s
"""


def test_a_clock_is_off_by_what_its_file_says_at_each_look(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLOCK, str(tmp_path / "clock")]
    said = subprocess.check_output(command, text=True, cwd=ROOT)
    assert said.splitlines() == ["0 0", "-600 -600", "600 600"]


@pytest.mark.parametrize("seed", range(3))
def test_a_fuzzed_event_is_the_same_for_the_same_seed_and_another_than_it_was(seed: int) -> None:
    emissions = [e for e, _ in zip(stream(seed, 10, 0, 1_000), range(400), strict=False)]
    values = [e.value for e in emissions if e.kind == "clean"]

    def fuzzed() -> list[bytes]:
        fuzzer = Fuzzer(random.Random(seed), 50)
        return [fuzzer.changed(value, "new") for value in values]

    assert fuzzed() == fuzzed()
    assert not set(values) & set(fuzzed())


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says again what it is told."""
    server = socket.create_server((LOOPBACK, 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection, suppress(ConnectionError):  # a cut may arrive as a reset
            while piece := connection.recv(1_000):
                connection.sendall(piece)

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.fixture
def proxy(echo: int) -> Iterator[Proxy]:
    between = Proxy(echo)
    yield between
    between.close()


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection((LOOPBACK, proxy.port), 5)


def test_a_proxy_passes_on_both_ways(proxy: Proxy) -> None:
    with connected(proxy) as client:
        client.sendall(b"one")
        assert client.recv(10) == b"one"


def test_a_connection_is_cut_in_the_middle_of_a_request(proxy: Proxy) -> None:
    with connected(proxy) as client:
        proxy.trouble = Trouble(cut_after=4)
        client.sendall(b"123")
        assert client.recv(10) == b"123"
        client.sendall(b"456")
        assert ended(client)
        assert proxy.cuts == 1
    proxy.trouble = NONE
    with connected(proxy) as client:
        client.sendall(b"again")
        assert client.recv(10) == b"again"


def test_an_answer_that_is_swallowed_never_comes_and_the_connection_stays(proxy: Proxy) -> None:
    with connected(proxy) as client:
        proxy.trouble = Trouble(swallow=True)
        client.sendall(b"lost")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(10)
        proxy.trouble = NONE
        client.settimeout(5)
        client.sendall(b"found")
        assert client.recv(10) == b"found"


def test_a_cut_closes_what_is_open(proxy: Proxy) -> None:
    with connected(proxy) as client:
        client.sendall(b"one")
        assert client.recv(10) == b"one"
        proxy.cut()
        assert ended(client)


def ended(client: socket.socket) -> bool:
    """Whether nothing more can come."""
    try:
        while client.recv(100):
            pass
    except ConnectionResetError:
        return True
    return True


@pytest.mark.parametrize("point", POINTS)
def test_a_point_of_a_write_names_what_the_warehouse_calls(point: str) -> None:
    owner, name = POINTS[point]
    assert callable(getattr(owner, name))
