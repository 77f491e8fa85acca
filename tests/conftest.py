"""Fixtures of all tests, and how Hypothesis is to run."""

import os
import signal

import pytest
from hypothesis import settings

# In the background of a shell Ctrl-C is ignored, which whoever is started from here would inherit:
# tests that send one would wait for an end that does not come.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.services", "tests.brokers.fixtures"]

LONGEST = (
    "tests/faults/test_quick.py",
    "tests/faults/test_mutants.py",
    "tests/faults/",
    "tests/oracle/",
    "tests/test_benchmarks",
)
"""What begins first where several files run at once, so that none that is long is left for the end.
It needs xdist's --no-loadscope-reorder."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, in the workers of xdist."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: place(item.nodeid))


def place(name: str) -> int:
    """Where in LONGEST a test stands; after all of them when it does not."""
    return next((n for n, long in enumerate(LONGEST) if name.startswith(long)), len(LONGEST))


# A shared machine is slow at times: an example is judged by its result and not by its duration.
settings.register_profile("home", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "home")
