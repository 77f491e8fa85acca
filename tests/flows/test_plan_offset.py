"""From where on the next owner of a shard reads the log of plans: before all that it needs."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from connectors.kafka.plan_log import PlanLog
from flows.processor.commit import commit_pending
from flows.processor.flush import Flush
from state.fence import VERSION, Fence
from state.store.shard_store import Commit, Taken
from tests.flows.one_flush import NOW_MS, flush_of

FROM, END = 20, 50
"""The piece of the log that was read last."""


@pytest.mark.parametrize(
    ("last_begun", "unread", "logged", "offset", "log_end"),
    [
        (1, False, False, END, END + 3),
        (1, False, True, END, END),
        (2, False, True, FROM, END),
        (1, True, True, FROM, END),
    ],
    ids=[
        *("the last begun plan", "produced by its first owner"),
        *("one more was begun", "more may lie behind the piece"),
    ],
)
def test_no_plan_above_what_is_committed_lies_before_the_fences_mark(
    last_begun: int, unread: bool, logged: bool, offset: int, log_end: int
) -> None:
    processor, part = flush_of(NOW_MS)
    commits: list[Commit] = []
    shard = part.shard
    shard.own(Taken(Fence(VERSION, "me", 1, 0, 0, 16, 0, FROM, None), [], {}), PlanLog(end=END))
    shard.store = cast(Any, SimpleNamespace(begin_commit=commits.append, end=lambda: None))
    shard.last_begun, shard.unread = last_begun, unread
    part.replay, part.logged = True, logged
    part.rows = [("ann", b"a row"), ("ann", b"another")]
    processor.publisher = cast(
        Any,
        SimpleNamespace(settle=lambda _s: True, actions=lambda *_: None, forwards=lambda *_: None),
    )
    processor.pending = Flush([part])
    commit_pending(processor)
    assert [commit.fence.plan_offset for commit in commits] == [offset]
    assert shard.log_end == log_end
