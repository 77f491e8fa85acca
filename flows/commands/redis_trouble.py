"""A Redis that a command cannot work with, in one line."""

import redis

from flows.addresses import without_secrets


def redis_away(url: str, error: redis.RedisError) -> str:
    """What is wrong with the Redis at `url`, without secrets, and what to do."""
    fault = "gives no answer"
    if isinstance(error, redis.AuthenticationError):
        fault = "refuses the user or password it is given"
    return (
        f"Redis at {without_secrets(url)} {fault} ({error}); name another with --redis-url or "
        "TOUCHLINE_REDIS_URL"
    )
