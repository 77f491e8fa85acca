"""What every test of the flows leaves as it was."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def garbage_collected() -> Iterator[None]:
    """Whatever a flow that was started here has set for a process of its own."""
    yield
    gc.unfreeze()
    gc.enable()
