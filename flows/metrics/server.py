"""/metrics, /healthz and /readyz over HTTP, without a framework and without any other page."""

import errno
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socket import AF_INET, AF_INET6
from socketserver import ThreadingTCPServer
from typing import Any
from urllib.parse import urlsplit

from prometheus_client.exposition import choose_encoder

from flows.metrics.meter import Meter
from flows.settings import SettingsError

State = Callable[[], str | None]
"""None when all is well, else the reason why not, in one line. Asked on the server's thread."""

TEXT = "text/plain; charset=utf-8"
SLOWEST_CLIENT_S = 10.0
CLOSE_WITHIN_S = 0.1


class MetricsServer:
    """A running server; it ends with the process or with `close`."""

    def __init__(self, listener: ThreadingTCPServer) -> None:
        self._listener = listener
        host, self.port = listener.server_address[:2]
        name = f"[{host!s}]" if ":" in str(host) else host
        self.url = f"http://{name!s}:{self.port}/metrics"
        """Where the metrics are; /healthz and /readyz stand beside it."""
        self._thread = threading.Thread(
            target=listener.serve_forever, args=(CLOSE_WITHIN_S,), name="metrics", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening; the port is free when this returns. A second call does nothing."""
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()


def serve(meter: Meter, host: str, port: int, health: State, ready: State) -> MetricsServer:
    """Answer on `host` and `port` (0 = any free one) from a thread of its own.

    Anyone who reaches the address may read: there is no authentication, so listen on loopback
    unless a network is meant to read. Raises SettingsError when the address cannot be listened on.
    """
    try:
        listener = _Listener((host, port), _handler(meter, health, ready))
    except (OSError, TypeError) as error:  # TypeError: a name that no resolver is asked for
        raise SettingsError(cannot_listen("TOUCHLINE_METRICS", host, port, error)) from None
    return MetricsServer(listener)


def cannot_listen(prefix: str, host: str, port: int, error: OSError | TypeError) -> str:
    """Which of the two settings PREFIX_HOST and PREFIX_PORT is to blame, and what to do."""
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"{prefix}_PORT: expected a free port of {host}, got {port}, which another "
            "program has; choose another one, or 0 for any free port"
        )
    if isinstance(error, PermissionError):
        return (
            f"{prefix}_PORT: expected a port this user may listen on, got {port}; choose "
            "one above 1023, or 0 for any free port"
        )
    reason = error.strerror if isinstance(error, OSError) else "no name of a host"
    return (
        f"{prefix}_HOST: expected an address of this machine, got {host!r} ({reason}); "
        "choose 127.0.0.1, or 0.0.0.0 for all of them"
    )


class _Listener(ThreadingTCPServer):
    """Not http.server's own, which asks the name service for its host's name at start."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = AF_INET6 if ":" in address[0] else AF_INET
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone before its answer came is not worth a traceback in the log."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(meter: Meter, health: State, ready: State) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SLOWEST_CLIENT_S
        server_version = "touchline"
        sys_version = ""

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/metrics":
                self._metrics()
            elif path == "/healthz":
                self._state(health())
            elif path == "/readyz":
                self._state(ready())
            else:
                self._answer(HTTPStatus.NOT_FOUND, b"see /metrics, /healthz and /readyz\n", TEXT)

        do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

        def _metrics(self) -> None:
            try:
                encode, content_type = choose_encoder(self.headers.get("Accept", ""))
            except (TypeError, ValueError):  # it asks for a version that is no number
                encode, content_type = choose_encoder("")
            self._answer(HTTPStatus.OK, encode(meter.registry), content_type)

        def _state(self, reason: str | None) -> None:
            status = HTTPStatus.OK if reason is None else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(status, f"{reason or 'ok'}\n".encode(), TEXT)

        def _answer(self, status: HTTPStatus, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Scrapes are not worth a line each."""

    return Handler
