"""Fixtures of all tests, and how Hypothesis is to run."""

import os

from hypothesis import settings

pytest_plugins = ["tests.services", "tests.brokers.fixtures"]

# A shared machine is slow at times: an example is judged by its result and not by its duration.
settings.register_profile("home", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "home")
