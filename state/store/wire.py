"""A Redis connection that never reconnects or retries by itself.

The commit protocol arms a WATCH and relies on it. A client that reconnects in silence loses the
WATCH and writes all the same; here a broken connection stays broken and says so.
"""

from collections.abc import Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

TIMEOUT_SECONDS = 10.0
"""An answer that takes longer counts as unknown."""

Command = Sequence[bytes | str | int | float]


class WireLost(ConnectionError):
    """The connection broke or an answer did not come: what was sent may or may not be done."""


class WireTimeout(WireLost):
    """No answer in time: the server hangs, and so it would on every other connection."""


def _lost(error: Exception) -> WireLost:
    kind = WireTimeout if isinstance(error, redis.TimeoutError) else WireLost
    return kind(str(error))


class Wire:
    """One connection, pipelined by hand: `send` several commands, then `receive` their answers.

    Errors that Redis answers come back as values of class redis.ResponseError, in their place.
    """

    def __init__(self, url: str) -> None:
        """Connects at once. Raises WireLost when that fails."""
        pool = redis.ConnectionPool.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            health_check_interval=0,
            # A server's word that it moves would make the client reconnect.
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self._connection: AbstractConnection = pool.connection_class(**pool.connection_kwargs)
        try:
            self._connection.connect()
        except (redis.RedisError, OSError) as error:
            raise _lost(error) from error

    def send(self, *commands: Command) -> None:
        """Write `commands` in one go. Raises WireLost."""
        connection = self._connection
        # send_packed_command connects when there is no socket: that is what must not happen here.
        if not connection.is_connected:
            raise WireLost("the connection to Redis is closed")
        try:
            connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        except (redis.RedisError, OSError) as error:
            self.close()
            raise _lost(error) from error

    def receive(self, count: int) -> list[Any]:
        """The next `count` answers. Raises WireLost; then none of them is known."""
        answers: list[Any] = []
        read = self._connection.read_response
        try:
            for _ in range(count):
                try:
                    answers.append(read(disconnect_on_error=False))
                except redis.ResponseError as error:
                    answers.append(error)
        except (redis.RedisError, OSError) as error:
            self.close()
            raise _lost(error) from error
        return answers

    def call(self, *commands: Command) -> list[Any]:
        """`send`, then `receive` as many. Raises WireLost."""
        self.send(*commands)
        return self.receive(len(commands))

    def close(self) -> None:
        """Close; every later `send` raises WireLost."""
        self._connection.disconnect()
