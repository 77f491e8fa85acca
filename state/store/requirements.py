"""What the Redis server must be set to, so that it keeps what it is given."""

from typing import Any

import redis


class Unsuitable(Exception):
    """The server would lose state; the text says which setting and what to do."""


def check_server(client: "redis.Redis") -> list[str]:
    """Warnings about the server, a sentence each.

    Raises Unsuitable when it may evict keys, is a cluster, or knows neither user nor password;
    redis.ConnectionError when it is absent or not ready.
    """
    try:
        client.ping()
    except redis.AuthenticationError as error:
        raise Unsuitable(f"it refuses the user or password it is given: {error}") from None
    except redis.exceptions.NoPermissionError:
        pass  # a user that may not even ping may still do what the flow needs
    except redis.ResponseError as error:  # MISCONF, LOADING and the like: it says "not now"
        raise redis.ConnectionError(str(error)) from None
    try:
        info: dict[str, Any] = client.info()
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.ResponseError as error:
        return [f"its settings cannot be checked ({error}); it must run with noeviction and AOF"]
    if info.get("cluster_enabled"):
        raise Unsuitable("expected one Redis node (with replicas), got a Redis Cluster")
    if policy is not None and policy != "noeviction":
        raise Unsuitable(
            f"maxmemory-policy: expected noeviction, got {policy}: profiles would vanish; "
            "CONFIG SET maxmemory-policy noeviction"
        )
    if not info.get("aof_enabled"):
        return ["appendonly is off: what is not in a snapshot is lost when the server stops"]
    return []
