"""The store's promises on a real server: one owner, all or nothing, never a silent reconnect."""

from collections.abc import Callable

import pytest
import redis
from msgspec import structs

from state.fence import (
    VERSION,
    Fence,
    Plan,
    Position,
    Range,
    decode_fence,
    encode_fence,
)
from state.store.counters import SINCE_MS, read_counters
from state.store.definitions import KEPT_MS
from state.store.keys import offers_key, shard_keys
from state.store.requirements import Unsuitable, check_server
from state.store.shard_store import Commit, Fenced, Refused, ShardStore, Unsettled
from state.store.wire import Command, Wire, WireLost
from state.windows import DAY_MS

KEYS = shard_keys(3)
IN_AN_HOUR_MS = 4_000_000_000_000


def new_fence() -> Fence:
    return Fence(VERSION, "", 0, 0, 0, 16, 0, 0, None, {"t": Position("id", 0)})


def plan(commit: int) -> Plan:
    return Plan(commit, 0, {"t": Range(0, 5, 5)}, 1_000, "p", "b", 42)


@pytest.fixture
def client(redis_url: str) -> "redis.Redis":
    connection = redis.Redis.from_url(redis_url)
    connection.flushall()
    return connection


@pytest.fixture
def store(redis_url: str, client: "redis.Redis") -> Callable[[str], ShardStore]:
    assert client.dbsize() == 0
    return lambda owner: ShardStore(lambda: Wire(redis_url), 3, owner)


def commit_of(fence: Fence, text: str) -> Commit:
    return Commit(
        fence=structs.replace(fence, commit=fence.commit + 1, plan=None),
        profiles=[("ann", text.encode()), ("bob", text.encode())],
        serving=[("ann", b"{}", IN_AN_HOUR_MS)],
        outbox=[b"one", b"two"],
        counters={SINCE_MS: 1_700_000_000_000, "accepted:click": 7},
        origins={"a:0": 3, "b:1": 2**63},
    )


def held(client: "redis.Redis", key: bytes) -> bytes:
    value = client.get(key)
    assert isinstance(value, bytes)
    return value


def done(store: ShardStore, commit: Commit) -> None:
    store.begin_commit(commit)
    store.end()


def is_busy(client: "redis.Redis") -> bool:
    try:
        client.ping()
    except redis.ResponseError:
        return True
    return False


def test_a_commit_changes_everything_it_names(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    mine = store("me")
    taken = mine.take(5, new_fence)
    fence = structs.replace(taken.fence, plan=plan(1), now_ms=1_000)
    mine.begin_fence(fence)
    mine.end()
    stored = decode_fence(held(client, KEYS.fence))
    assert stored.plan == plan(1)
    assert (stored.owner, stored.epoch) == ("me", 5)

    done(mine, commit_of(fence, "x"))

    stored = decode_fence(held(client, KEYS.fence))
    assert (stored.commit, stored.plan, stored.now_ms) == (1, None, 1_000)
    assert client.get(KEYS.profile_prefix + b"ann") == b"x"
    assert client.lrange(KEYS.outbox, 0, -1) == [b"one", b"two"]
    assert client.pexpiretime(offers_key("ann").decode()) == IN_AN_HOUR_MS
    assert client.ttl(KEYS.fence) == -1
    assert read_counters(client, 16) == {"accepted:click": 7}


@pytest.mark.parametrize("protocol", [2, 3])
def test_only_origins_that_a_commit_names_are_changed(
    redis_url: str, client: "redis.Redis", protocol: int
) -> None:
    mine = ShardStore(lambda: Wire(f"{redis_url}?protocol={protocol}"), 3, "me")
    fence = mine.take(5, new_fence).fence
    done(mine, commit_of(fence, "x"))
    done(mine, Commit(structs.replace(fence, commit=2), origins={"a:0": 9}))
    done(mine, Commit(structs.replace(fence, commit=3)))
    assert mine.take(6, new_fence).origins == {"a:0": 9, "b:1": 2**63}
    assert client.ttl(KEYS.origins) == -1


def test_a_new_shard_begins_with_the_origins_that_are_given_and_a_known_one_with_its_own(
    redis_url: str, client: "redis.Redis"
) -> None:
    mine = ShardStore(lambda: Wire(redis_url), 3, "me")
    first = mine.take(5, new_fence, {"a:0": 3})
    assert first.origins == {"a:0": 3}
    done(mine, Commit(structs.replace(first.fence, commit=1), origins={"b:1": 8}))
    assert mine.take(6, new_fence, {"a:0": 4, "c:2": 1}).origins == {"a:0": 3, "b:1": 8}
    assert client.dbsize() == 2


def test_profiles_are_read_in_the_order_asked(store: Callable[[str], ShardStore]) -> None:
    mine = store("me")
    done(mine, commit_of(mine.take(5, new_fence).fence, "x"))
    mine.begin_load(["nobody", "bob"])
    assert mine.end_load() == [None, b"x"]


def test_trimming_drops_the_oldest_actions_without_a_new_commit(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    mine = store("me")
    done(mine, commit_of(mine.take(5, new_fence).fence, "x"))
    before = client.get(KEYS.fence)
    mine.trim(1)
    assert client.lrange(KEYS.outbox, 0, -1) == [b"two"]
    assert client.get(KEYS.fence) == before


def test_an_owner_that_was_fenced_changes_nothing_and_is_told_so(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    old, new = store("old"), store("new")
    fence = old.take(5, new_fence).fence
    new.take(6, new_fence)
    before = dict.fromkeys(client.keys()), client.get(KEYS.fence)
    with pytest.raises(Unsettled):
        done(old, commit_of(fence, "zombie"))
    assert (dict.fromkeys(client.keys()), client.get(KEYS.fence)) == before
    with pytest.raises(Fenced, match="new has taken it"):
        old.take(7, new_fence)


def test_a_connection_that_was_cut_is_never_opened_again_in_silence(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    mine = store("me")
    fence = mine.take(5, new_fence).fence
    client.client_kill_filter(_type="normal", skipme=True)
    with pytest.raises(WireLost):
        done(mine, commit_of(fence, "x"))
    assert client.exists(KEYS.profile_prefix + b"ann") == 0
    again = mine.take(5, new_fence)  # the same owner may take it again, with a higher epoch
    assert again.fence.epoch == 6


def test_nothing_can_be_sent_on_a_connection_that_was_closed(redis_url: str) -> None:
    wire = Wire(redis_url)
    assert wire.call(("PING",)) == [b"PONG"]
    wire.close()
    with pytest.raises(WireLost, match="closed"):
        wire.send(("PING",))


def test_a_fence_that_somebody_touched_is_never_overwritten(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    mine = store("me")
    fence = mine.take(5, new_fence).fence
    client.set(KEYS.fence, b"something else")
    with pytest.raises(Unsettled):
        done(mine, commit_of(fence, "x"))
    assert client.get(KEYS.fence) == b"something else"


def test_an_epoch_is_not_handed_out_twice_by_a_redis_from_the_past(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    first = store("first")
    first.take(100, new_fence)
    past = held(client, KEYS.fence)
    second = store("second")
    assert second.take(200, new_fence).fence.epoch == 200
    client.set(KEYS.fence, past)
    assert store("third").take(300, new_fence).fence.epoch == 300
    with pytest.raises(Fenced):
        second.take(301, new_fence)


def test_a_full_redis_changes_nothing_and_is_waited_for(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    mine = store("me")
    fence = mine.take(5, new_fence).fence
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(Unsettled, match="maxmemory"):
            done(mine, commit_of(fence, "x"))
    finally:
        client.config_set("maxmemory", 0)
    assert client.exists(KEYS.profile_prefix + b"ann") == 0
    done(mine, commit_of(mine.take(6, new_fence).fence, "x"))
    assert client.get(KEYS.profile_prefix + b"ann") == b"x"


def test_a_redis_that_is_busy_with_a_script_is_waited_for(
    redis_url: str, store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    mine, other = store("me"), Wire(redis_url)
    mine.take(5, new_fence)
    client.config_set("lua-time-limit", 1)
    other.send(("EVAL", "while true do end", 0))
    try:
        while not is_busy(client):
            """Until the script has run for longer than that."""
        mine.begin_load(["ann"])
        with pytest.raises(Unsettled, match="BUSY"):
            mine.end_load()
    finally:
        client.script_kill()
        other.receive(1)
        client.config_set("lua-time-limit", 5_000)


def test_a_user_that_may_not_write_is_refused(redis_url: str, client: "redis.Redis") -> None:
    client.acl_setuser(
        "reader", enabled=True, nopass=True, keys="*", commands=["-mset"], categories=["+@all"]
    )
    try:
        limited = ShardStore(lambda: Wire(redis_url.replace("//", "//reader:any@")), 3, "me")
        with pytest.raises(Refused, match="no permissions to run the 'mset' command"):
            limited.take(5, new_fence)
    finally:
        client.acl_deluser("reader")
    assert client.exists(KEYS.fence) == 0


def test_leftover_actions_and_counts_come_with_the_shard(
    store: Callable[[str], ShardStore],
) -> None:
    done_by = store("first")
    done(done_by, commit_of(done_by.take(5, new_fence).fence, "x"))
    taken = store("second").take(6, new_fence)
    assert taken.outbox == [b"one", b"two"]
    assert taken.origins == {"a:0": 3, "b:1": 2**63}
    assert taken.counters == {SINCE_MS: 1_700_000_000_000, "accepted:click": 7}


def test_what_is_owned_or_written_does_not_expire_whatever_a_tool_has_set(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    mine = store("me")
    taken = mine.take(1, new_fence)
    done(mine, commit_of(taken.fence, "hello"))
    lasting = (KEYS.fence, KEYS.counters, KEYS.profile_prefix + b"ann")
    assert all(client.expire(key, 1_000) for key in lasting)
    again = store("other")
    taken = again.take(2, new_fence)
    assert client.ttl(KEYS.fence) == -1
    done(again, commit_of(taken.fence, "hello again"))
    assert [client.ttl(key) for key in lasting] == [-1, -1, -1]


def test_an_absent_server_is_a_lost_wire() -> None:
    with pytest.raises(WireLost):
        Wire("redis://127.0.0.1:1/0")


def test_a_server_that_may_evict_is_refused(client: "redis.Redis") -> None:
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(Unsuitable, match="expected noeviction, got allkeys-lru"):
            check_server(client)
    finally:
        client.config_set("maxmemory-policy", "noeviction")
    check_server(client)


class Interrupted(Wire):
    """A connection on which something happens between an EXEC and the WATCH that follows it."""

    between: Callable[[], object] | None = None

    def send(self, *commands: Command) -> None:
        if self.between is None or ("EXEC",) not in commands:
            return super().send(*commands)
        cut = commands.index(("EXEC",)) + 1
        super().send(*commands[:cut])
        # Answered on this connection only when the EXEC is done; nothing is read before `end`.
        happen, self.between = self.between, None
        happen()
        return super().send(*commands[cut:])


def test_a_shard_taken_between_a_commit_and_its_next_guard_is_lost_at_once(
    redis_url: str, client: "redis.Redis"
) -> None:
    wires: list[Interrupted] = []

    def connect() -> Wire:
        wires.append(Interrupted(redis_url))
        return wires[-1]

    old = ShardStore(connect, 3, "old")
    fence = old.take(5, new_fence).fence

    def taken_over() -> None:
        while client.get(KEYS.profile_prefix + b"ann") is None:
            """Until the EXEC has been carried out."""
        ShardStore(lambda: Wire(redis_url), 3, "new").take(6, new_fence)

    wires[-1].between = taken_over
    with pytest.raises(Unsettled, match="the fence changed right after a commit"):
        done(old, commit_of(fence, "a"))
    with pytest.raises(WireLost):
        done(old, commit_of(structs.replace(fence, commit=1), "zombie"))
    assert held(client, KEYS.profile_prefix + b"ann") == b"a"


def test_a_fence_of_a_later_version_is_refused(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    client.set(KEYS.fence, encode_fence(structs.replace(new_fence(), version=VERSION + 1)))
    with pytest.raises(Refused, match="written by a later version of Touchline"):
        store("me").take(5, new_fence)


def test_a_commit_that_redis_carries_out_in_part_is_refused(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    owner = store("me")
    fence = owner.take(5, new_fence).fence
    client.set(KEYS.outbox, "no list")
    with pytest.raises(Refused, match="a part of a commit only"):
        done(owner, commit_of(fence, "a"))


def test_timers_are_stored_with_a_commit_and_read_soonest_first(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    owner = store("one")
    fence = owner.take(1, new_fence).fence
    assert owner.timers(10) == []
    due = {"cy": 30, "bob": 10**13 + 1, "ann": 10**13, "dee": 0}
    done(owner, Commit(structs.replace(fence, commit=1), timers=due))
    assert owner.timers(10) == [(30, "cy"), (10**13, "ann"), (10**13 + 1, "bob")]
    assert owner.timers(2) == [(30, "cy"), (10**13, "ann")]
    done(owner, Commit(structs.replace(fence, commit=2), timers={"cy": 0, "bob": 20}))
    assert owner.timers(10) == [(20, "bob"), (10**13, "ann")]
    assert client.zcard(KEYS.timers) == 2


def test_a_commit_of_a_fenced_owner_sets_no_timer(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    old, new = store("old"), store("new")
    fence = old.take(1, new_fence).fence
    new.take(2, new_fence)
    with pytest.raises(Unsettled):
        done(old, Commit(structs.replace(fence, commit=1), timers={"ann": 30}))
    assert client.zcard(KEYS.timers) == 0


def test_definitions_of_journeys_outlive_the_playbook_that_had_them(
    store: Callable[[str], ShardStore], client: "redis.Redis"
) -> None:
    day_us = DAY_MS * 1000
    assert store("one").take(1, new_fence, journeys={"cart:01": "a", "talk:02": "b"}).journeys == {}
    taken = store("two").take(2 * day_us, new_fence, journeys={"cart:03": "c", "talk:02": "b"})
    assert taken.journeys == {"cart:01": "a"}
    assert store("three").take(KEPT_MS * 1000, new_fence).journeys == {
        "cart:01": "a",
        "cart:03": "c",
        "talk:02": "b",
    }
    taken = store("four").take(KEPT_MS * 1000 + day_us, new_fence)
    assert taken.journeys == {"cart:03": "c", "talk:02": "b"}
    assert client.hkeys(KEYS.journeys) == [b"talk:02", b"cart:03"]
