"""Debian's redis-server on this machine: with a log that is synced every second, and replicas."""

import shutil
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from flows.local.ports import LOOPBACK
from flows.local.services import MissingExtra
from tests.brokers.server import START_S, Server


class RedisServer(Server):
    """A Redis that evicts nothing and logs every write before it answers, synced to the disk once a
    second: a power cut takes a second, a kill nothing. `replica_of` makes it a replica.

    Raises MissingExtra at the first start where there is no redis-server.
    """

    def __init__(self, folder: Path, replica_of: "RedisServer | None" = None) -> None:
        super().__init__("redis", folder)
        self.primary = replica_of

    @property
    def redis_url(self) -> str:
        """The URL, as Redis clients want it."""
        return f"redis://{self.address}/0"

    def client(self, timeout_s: float = 5) -> "redis.Redis":
        """A client that gives up after `timeout_s` seconds, and tries nothing twice."""
        once = Retry(NoBackoff(), 0)
        return redis.Redis(host=LOOPBACK, port=self.port, socket_timeout=timeout_s, retry=once)

    def command(self) -> list[str]:
        """redis-server; a replica until it is promoted."""
        program = shutil.which("redis-server")
        if program is None:
            raise MissingExtra(
                "no program redis-server on this machine; Debian has it in `redis-server`"
            )
        options = {
            "port": str(self.port),
            "bind": LOOPBACK,
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "repl-diskless-sync-delay": "0",  # seconds that a replica waits for others to join
        }
        told = [word for name, value in options.items() for word in (f"--{name}", value)]
        if self.primary is not None:
            told += ["--replicaof", LOOPBACK, str(self.primary.port)]
        return [program, *told]

    def ready(self) -> bool:
        """Whether it answers, its log read; a replica: whether it has, and has logged, all that
        its primary had."""
        try:
            with self.client() as client:
                found = {**client.info("replication"), **client.info("persistence")}
        except (redis.ConnectionError, redis.TimeoutError, redis.ResponseError):
            return False
        # Until a replica has begun a log with what it got, it loses that when it dies, and refuses
        # to stop.
        logged = not (found["aof_rewrite_in_progress"] or found["aof_rewrite_scheduled"])
        return logged and (self.primary is None or found["master_link_status"] == "up")

    def promote(self) -> None:
        """Make a primary of a replica, for good; it follows nobody and takes writes."""
        self.primary = None
        with self.client() as client:
            client.replicaof("NO", "ONE")

    def caught_up(self) -> None:
        """Wait until this replica has received all its primary has written so far."""
        assert self.primary is not None, "only a replica catches up"
        with self.primary.client() as of, self.client() as mine:
            wanted = of.info("replication")["master_repl_offset"]
            deadline = time.monotonic() + START_S
            while mine.info("replication").get("slave_repl_offset", -1) < wanted:
                assert time.monotonic() < deadline, "the replica does not catch up"
                time.sleep(0.01)
