"""What the fault suite stands on: a load that fails aloud, fuzzed events, a proxy that cuts."""

import random
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress

import pytest

from flows.local.ports import LOOPBACK
from flows.simulate.stream import Emission, stream
from tests.faults.stage.armed_writer import POINTS
from tests.faults.stage.load import Load
from tests.faults.stage.mutate import mutated
from tests.faults.stage.proxy import NONE, Proxy, Trouble


def test_a_load_that_fails_says_so(mock_cluster: str) -> None:
    def fail(_emission: Emission) -> Emission:
        raise RuntimeError("on purpose")

    def failing(emissions: Iterator[Emission]) -> Iterable[Emission]:
        return map(fail, emissions)

    load = Load(mock_cluster, 1, 10, 1_000, failing)
    load.start()
    load.stop()
    assert load.refused == ["the load ended by itself: RuntimeError: on purpose"]


@pytest.mark.parametrize("seed", range(20))
def test_a_fuzzed_event_is_the_same_for_the_same_seed_and_another_than_it_was(seed: int) -> None:
    emissions = [e for e, _ in zip(stream(seed, 10, 0, 100), range(50), strict=False)]
    values = [e.value for e in emissions if e.kind == "clean"]

    def fuzzed() -> list[bytes]:
        rng = random.Random(seed)
        return [mutated(rng, value, "new") for value in values]

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
