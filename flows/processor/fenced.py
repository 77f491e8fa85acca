"""What is said of shards that other owners have taken: one sentence for all of them."""

from collections.abc import Iterable, Mapping


def taken(owners: Mapping[int, str]) -> str:
    """Of some shards; `owners`: shard → who has it now."""
    by_owner: dict[str, list[int]] = {}
    for index, owner in sorted(owners.items()):
        by_owner.setdefault(owner, []).append(index)
    parts = [f"{_counted(indexes)} taken by {owner}" for owner, indexes in by_owner.items()]
    them = "it" if len(owners) == 1 else "them"
    return f"{' and '.join(parts)}; this process leaves {them} alone"


def all_taken(owners: Mapping[int, str]) -> str:
    """Of all shards that this process had."""
    if len(owners) == 1:
        return "the only shard was taken by " + next(iter(owners.values()))
    return f"all {len(owners)} shards were taken by {_named(owners.values())}"


def _counted(indexes: list[int]) -> str:
    if len(indexes) == 1:
        return f"shard {indexes[0]} was"
    return f"{len(indexes)} shards ({', '.join(map(str, indexes))}) were"


def _named(owners: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(owners))
