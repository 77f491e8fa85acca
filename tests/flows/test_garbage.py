"""What a flow leaves behind in memory while the collector is off: nothing, after an outage too."""

import gc
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flows.processor.commit import _write
from flows.processor.flush import Flush
from flows.processor.processor import Processor
from flows.processor.shard import Hold
from state.fence import VERSION, Fence, Plan
from state.store.wire import WireLost, WireTimeout


class Thing:
    """Anything that may be watched: whether it is still there."""

    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def fail(why: type[WireLost]) -> None:
    raise why("away")


@pytest.mark.parametrize("why", [WireLost, WireTimeout])
def test_a_flush_whose_step_fails_as_redis_is_away_is_freed_without_the_collector(
    why: type[WireLost],
) -> None:
    processor = cast(Any, SimpleNamespace(lose=lambda *_: None))
    parts = [Thing(shard=SimpleNamespace(hold=Hold.OWNED)) for _ in range(2)]
    watched = [weakref.ref(part) for part in parts]
    Processor.each(processor, "decide", cast(Any, parts), lambda _: fail(why))
    del parts
    assert [one() for one in watched] == [None, None]


@pytest.mark.parametrize("why", [WireLost, WireTimeout])
def test_a_flush_whose_commit_fails_as_redis_is_away_is_freed_without_the_collector(
    why: type[WireLost],
) -> None:
    processor = cast(
        Any, SimpleNamespace(lose=lambda *_: None, meter=SimpleNamespace(add=lambda *_, **__: None))
    )
    store = SimpleNamespace(begin_fence=lambda _: None, end=lambda: fail(why))
    plan = Plan(1, 0, {}, 1, "v", "b", 0)

    fence = Fence(VERSION, "me", 1, 0, 0, 16, 0, 0, None)
    parts = [Thing(shard=Thing(store=store, fence=fence), plan=plan) for _ in range(2)]
    upcoming = Flush(cast(Any, parts))
    del parts
    watched = [weakref.ref(part) for part in upcoming.slices]
    _write(processor, Flush([]), upcoming)
    del upcoming
    assert [one() for one in watched] == [None, None]
