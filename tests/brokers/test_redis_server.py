"""redis-server as tests break it: what it keeps and what a replica has."""

import pytest
import redis

from tests.brokers.redis_server import RedisServer

Pair = tuple[RedisServer, RedisServer]


def fill(server: RedisServer, count: int = 1000) -> dict[bytes, bytes]:
    """Write some keys; what was written."""
    values = {b"key-%d" % number: b"%d" % number for number in range(count)}
    with server.client() as client:
        client.mset(values)
    return values


def held(server: RedisServer) -> dict[bytes, bytes]:
    """All there is."""
    with server.client() as client:
        keys = list(client.scan_iter(count=1000))
        return dict(zip(keys, client.mget(keys), strict=True)) if keys else {}


def test_what_was_acknowledged_survives_kill_9(real_redis: RedisServer) -> None:
    written = fill(real_redis)
    before = real_redis.pid
    real_redis.kill()
    real_redis.restart()
    assert real_redis.pid != before
    assert held(real_redis) == written


def test_an_orderly_stop_keeps_everything(real_redis: RedisServer) -> None:
    written = fill(real_redis)
    assert real_redis.stop() == 0
    real_redis.restart()
    assert held(real_redis) == written


def test_a_frozen_server_gives_no_answer_and_goes_on_after_thawing(real_redis: RedisServer) -> None:
    with real_redis.client(timeout_s=0.2) as client:
        assert client.ping()
        real_redis.freeze()
        with pytest.raises(redis.TimeoutError):
            client.ping()
        real_redis.thaw()
        assert client.ping()


def test_a_promoted_replica_holds_what_it_had_received_and_takes_writes(redis_pair: Pair) -> None:
    primary, replica = redis_pair
    written = fill(primary)
    replica.caught_up()
    with replica.client() as client, pytest.raises(redis.ReadOnlyError):
        client.set("early", "x")
    primary.kill()
    replica.promote()
    assert held(replica) == written
    with replica.client() as client:
        client.set("after", "x")
    replica.restart()  # alone, and still a primary
    assert held(replica) == {**written, b"after": b"x"}


def test_a_promoted_replica_lacks_what_its_primary_did_later(redis_pair: Pair) -> None:
    primary, replica = redis_pair
    early = fill(primary, 10)
    replica.caught_up()
    replica.promote()
    fill(primary, 1000)
    assert held(replica) == early


def test_a_server_that_is_killed_while_frozen_is_gone(real_redis: RedisServer) -> None:
    real_redis.freeze()
    real_redis.kill()
    assert not real_redis.running
    real_redis.restore()
    assert real_redis.running
