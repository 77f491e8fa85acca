"""However many shards another owner has taken, it is said in one sentence."""

from flows.processor.fenced import all_taken, taken


def test_one_shard_some_and_those_of_two_owners_are_named_with_who_has_them() -> None:
    assert taken({5: "a"}) == "shard 5 was taken by a; this process leaves it alone"
    assert taken({7: "a", 1: "a", 5: "a"}) == (
        "3 shards (1, 5, 7) were taken by a; this process leaves them alone"
    )
    assert taken({1: "a", 5: "b", 7: "a"}) == (
        "2 shards (1, 7) were taken by a and shard 5 was taken by b; this process leaves them alone"
    )


def test_all_shards_are_counted_and_not_listed() -> None:
    assert all_taken(dict.fromkeys(range(16), "a")) == "all 16 shards were taken by a"
    assert all_taken({0: "a", 1: "b", 2: "a"}) == "all 3 shards were taken by a and b"
    assert all_taken({3: "a"}) == "the only shard was taken by a"
