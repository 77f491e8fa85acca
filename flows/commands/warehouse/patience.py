"""A line on stderr that tells a waiting person that a query still runs."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

QUIET_S = 2.0
"""What takes no longer needs no line."""


@contextmanager
def waiting(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """While the block runs: seconds and DuckDB's own guess, on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(connection, done), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(connection: duckdb.DuckDBPyConnection, done: threading.Event) -> None:
    began = time.monotonic()
    told = False
    pause = QUIET_S
    while not done.wait(pause):
        pause, told = 1.0, True
        share = connection.query_progress()
        part = f", {share:.0f} %" if 0 < share < 100 else ""
        sys.stderr.write(f"\r\x1b[K{time.monotonic() - began:.0f} s{part}; Ctrl-C ends it")
        sys.stderr.flush()
    if told:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
