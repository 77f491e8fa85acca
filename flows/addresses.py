"""Addresses as they are given, and as they may be shown."""

from urllib.parse import urlsplit, urlunsplit


def without_secrets(url: str) -> str:
    """`url` less user name, password and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def redis_trouble(url: str) -> str | None:
    """What is wrong with `url` as an address of Redis; None when clients take it."""
    from redis import ConnectionPool, RedisError  # noqa: PLC0415 - 0.2 s that no help text needs

    try:
        pool = ConnectionPool.from_url(url)
        # An option in the query that no connection has is found here; nothing is connected yet.
        pool.connection_class(**pool.connection_kwargs)
    except (RedisError, TypeError, ValueError):
        # Not what the client says: that may hold a password.
        return "expected redis://, rediss:// or unix:// and an address (redis://127.0.0.1:6379/0)"
    return None
