"""Who is served a product is stored in the commit that changes it."""

import pytest
import redis
from msgspec import structs

from state.fence import VERSION, Fence, Position
from state.store.shard_store import Commit, ShardStore
from state.store.wire import Wire


def new_fence() -> Fence:
    return Fence(VERSION, "", 0, 0, 0, 16, 0, 0, None, {"t": Position("id", 0)})


def done(store: ShardStore, commit: Commit) -> None:
    store.begin_commit(commit)
    store.end()


@pytest.mark.parametrize("protocol", [2, 3])
def test_who_is_served_a_product_is_stored_with_a_commit_and_read_by_their_ids(
    redis_url: str, protocol: int
) -> None:
    redis.Redis.from_url(redis_url).flushall()
    mine = ShardStore(lambda: Wire(f"{redis_url}?protocol={protocol}"), 3, "me")
    fence = mine.take(5, new_fence).fence
    assert mine.holders([], 5) == ([], 0)
    assert mine.holders(["tent", "mat"], 5) == ([], 0)
    holders = {"tent": dict.fromkeys(["cy", "ann", "bö"], True), "mat": {"cy": True, "di": False}}
    done(mine, Commit(structs.replace(fence, commit=1), holders=holders))
    everybody = [("mat", "cy"), ("tent", "ann"), ("tent", "bö"), ("tent", "cy")]
    assert mine.holders(["mat", "tent"], 9) == (everybody, 4)
    assert mine.holders(["mat", "tent"], 2) == (everybody[:2], 4)
    assert mine.holders(["tent"], 0) == ([], 3)
    gone = {"tent": {"ann": False, "cy": False}}
    done(mine, Commit(structs.replace(fence, commit=2), holders=gone))
    assert mine.holders(["tent"], 9) == ([("tent", "bö")], 1)
