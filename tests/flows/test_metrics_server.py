"""What an operator, a probe and Prometheus get over HTTP."""

import errno
import http.client
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from prometheus_client.openmetrics import parser
from prometheus_client.parser import text_string_to_metric_families as read_text

from flows.metrics.meter import Meter
from flows.metrics.server import SLOWEST_CLIENT_S, MetricsServer, serve
from flows.settings import SettingsError

OPENMETRICS = "application/openmetrics-text; version=1.0.0,text/plain;version=0.0.4;q=0.5"
read_openmetrics: Any = parser.text_string_to_metric_families  # it is untyped
state: dict[str, str | None] = {}


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    state.update(health=None, ready=None)
    running = serve(Meter(), "127.0.0.1", 0, lambda: state["health"], lambda: state["ready"])
    yield running
    running.close()


def ask(
    url: str, path: str = "", method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request(method, path or parts.path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def test_prometheus_gets_the_format_it_prefers(server: MetricsServer) -> None:
    answer, text = ask(server.url, Accept=OPENMETRICS)
    assert answer.getheader("Content-Type", "").startswith("application/openmetrics-text")
    assert "touchline_commits" in {family.name for family in read_openmetrics(text)}


@pytest.mark.parametrize("accept", ["", "*/*", "text/plain; version=wrong", "\xff;;,="])
def test_everyone_else_gets_plain_text(server: MetricsServer, accept: str) -> None:
    answer, text = ask(server.url, Accept=accept)
    assert answer.getheader("Content-Type", "").startswith("text/plain")
    assert "touchline_commits" in {family.name for family in read_text(text)}


@pytest.mark.parametrize(("path", "name"), [("/healthz", "health"), ("/readyz", "ready")])
def test_a_probe_gets_yes_or_the_reason_why_not(
    server: MetricsServer, path: str, name: str
) -> None:
    answer, text = ask(server.url, path)
    assert (answer.status, text) == (200, "ok\n")
    state[name] = "waits for Redis"
    answer, text = ask(server.url, path)
    assert (answer.status, text) == (503, "waits for Redis\n")
    state[name] = None
    assert ask(server.url, path)[0].status == 200


def test_any_other_page_is_not_there(server: MetricsServer) -> None:
    for path in ("/", "/metrics/", "/healthz/../metrics"):
        assert ask(server.url, path)[0].status == 404
    assert ask(server.url, "/metrics", "POST")[0].status == 501


def test_a_query_is_understood(server: MetricsServer) -> None:
    assert ask(server.url, "/metrics?x=1")[0].status == 200


def test_a_head_request_gets_the_head_alone(server: MetricsServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"HEAD /metrics HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Length: " in head
    assert body == b""


def test_a_silent_client_holds_up_neither_others_nor_the_end(server: MetricsServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)):
        assert ask(server.url)[0].status == 200
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < SLOWEST_CLIENT_S / 2


def test_a_taken_port_is_named_with_the_setting_to_change(server: MetricsServer) -> None:
    with pytest.raises(SettingsError) as taken:
        serve(Meter(), "127.0.0.1", server.port, lambda: None, lambda: None)
    assert str(taken.value) == (
        f"TOUCHLINE_METRICS_PORT: expected a free port of 127.0.0.1, got {server.port}, which "
        "another program has; choose another one, or 0 for any free port"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid", "ä..b"])
def test_a_host_that_is_none_of_this_machine_is_named_with_the_setting_to_change(
    host: str,
) -> None:
    with pytest.raises(SettingsError) as wrong:
        serve(Meter(), host, 0, lambda: None, lambda: None)
    assert str(wrong.value).startswith(
        f"TOUCHLINE_METRICS_HOST: expected an address of this machine, got {host!r} ("
    )
    assert "Errno" not in str(wrong.value)


def test_a_port_that_is_not_for_this_user_is_said_to_be_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("socketserver.TCPServer.server_bind", refuse)
    with pytest.raises(SettingsError, match=r"^TOUCHLINE_METRICS_PORT: .*may listen on, got 80;"):
        serve(Meter(), "127.0.0.1", 80, lambda: None, lambda: None)


def test_a_client_that_has_gone_before_its_answer_leaves_no_traceback(
    server: MetricsServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said = []
    for error in (BrokenPipeError("gone"), ValueError("a fault of ours")):

        def raises(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(server._listener.RequestHandlerClass, "do_GET", raises)
        with pytest.raises(http.client.RemoteDisconnected):
            ask(server.url)
        said.append(capfd.readouterr().err)
    assert said[0] == ""
    assert "a fault of ours" in said[1]


def test_close_frees_the_port_and_may_be_called_twice(server: MetricsServer) -> None:
    server.close()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        ask(server.url)
    again = serve(Meter(), "127.0.0.1", server.port, lambda: None, lambda: None)
    assert again.url == server.url
    again.close()


def test_it_speaks_ipv6_where_there_is_ipv6() -> None:
    try:
        running = serve(Meter(), "::1", 0, lambda: None, lambda: None)
    except SettingsError as error:
        pytest.skip(f"no IPv6 loopback here: {error}")
    assert running.url == f"http://[::1]:{running.port}/metrics"
    assert ask(running.url)[0].status == 200
    running.close()
