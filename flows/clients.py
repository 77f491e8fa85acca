"""Whether the clients take what they are given: asked before anything waits for a server with it.

Nothing is connected here.
"""

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException, Producer
from redis import ConnectionPool, RedisError

from connectors.kafka.errors import words
from flows.settings import REDIS_ADDRESS, SettingsError


def check_kafka(config: Mapping[str, str]) -> None:
    """Raises SettingsError when librdkafka does not know an option or its value."""
    try:
        Producer({**config, "log_level": "0"})
    except KafkaException as error:
        if error.args[0].code() != KafkaError._INVALID_ARG:
            raise
        raise SettingsError(
            f"TOUCHLINE_KAFKA_*: expected options of librdkafka, got: {words(error)}"
        ) from None


def check_redis(url: str) -> None:
    """Raises SettingsError when the client does not take `url`, or an option in its query."""
    if trouble := redis_trouble(url):
        raise SettingsError(f"TOUCHLINE_REDIS_URL: {trouble}")


def redis_trouble(url: str) -> str | None:
    """What is wrong with `url`; None when the client takes it."""
    try:
        pool = ConnectionPool.from_url(url)
        # An option in the query that no connection has is found here.
        pool.connection_class(**pool.connection_kwargs)
    except (RedisError, AttributeError, TypeError, ValueError):
        # Not what the client says: that may hold a password.
        return f"expected {REDIS_ADDRESS}, and after a ? only options of the redis package"
    return None
