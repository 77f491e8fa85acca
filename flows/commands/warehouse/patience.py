"""Long queries: a line on stderr that tells a person that one runs, and Ctrl-C that ends it."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

FOUND_A_SIGNAL = "Query interrupted"
"""What DuckDB raises in place of the KeyboardInterrupt that it found itself."""
QUIET_S = 2.0
"""What takes no longer needs no line."""


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """While the block runs, Ctrl-C ends what DuckDB does, and KeyboardInterrupt is raised.

    Python's handler runs in the main thread alone, and there not before DuckDB has returned or
    looks for signals itself, which it need not do for long; so another thread is woken as well.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(connection, woken), daemon=True)
    watcher.start()
    try:
        yield
    except RuntimeError as error:
        if str(error) != FOUND_A_SIGNAL:
            raise
        raise KeyboardInterrupt from None
    finally:
        signal.set_wakeup_fd(before)
        os.close(wake)
        watcher.join()
        os.close(woken)


def _watch(connection: duckdb.DuckDBPyConnection, woken: int) -> None:
    while signals := os.read(woken, 16):
        if signal.SIGINT in signals:
            connection.interrupt()


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
