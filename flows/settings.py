"""Settings from the environment: read once, frozen, each with its default and its check."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, field

from connectors.kafka.channel_names import NO_CHANNELS, may_name_channel

PREFIX = "TOUCHLINE_"
KAFKA_PREFIX = PREFIX + "KAFKA_"
OURS = "touchpoints."
"""What the names of all other topics begin with."""
TOPIC = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,248}")


STATIC, GROUP = "static", "group"


class SettingsError(ValueError):
    """A setting is wrong; the text names the variable, what was expected and what came."""


class Settings(Struct, frozen=True, kw_only=True):
    """What a flow is told by its environment: `TOUCHLINE_REDIS_URL` fills `redis_url`, ..."""

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    kafka: dict[str, str] = field(default_factory=dict)
    """librdkafka's own options: `TOUCHLINE_KAFKA_SASL_USERNAME` → `sasl.username`."""
    redis_url: str = "redis://127.0.0.1:6379/0"
    warehouse_url: str = "./warehouse"
    playbook: str = "playbooks/retail.yaml"
    channels: tuple[str, ...] = ("click", "email", "chat", "kiosk")
    catalogue_topic: str = "products"
    """Where the shop's back end says what its products cost and how many there are."""
    partitions: int = 16
    """Used when topics are created; fixed for life afterwards."""
    assignment: str = STATIC
    """Who gives a process its shards: "static", its command line (--worker 2/8); "group", Kafka's
    consumer group `touchline`, anew each time that a process comes or goes."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    """0 = any free port."""
    decide_host: str = "127.0.0.1"
    decide_port: int = 8070
    """Where `touchline run decide` answers; 0 = any free port."""
    flush_events: int = 4_000
    """Events that one flush of a shard may hold, and that are read from Kafka at once. Each may
    change a profile, and a commit of many more than 5,000 would hold Redis up for others."""
    flush_bytes: int = 16_777_216
    """Bytes of events that one flush of a shard may hold; a larger single event goes alone."""
    cache_profiles: int = 100_000
    """Decoded profiles a process keeps."""
    dead_letter_percent: int = 50
    """The flow stops when more than so many percent of the last events are dead letters: that is a
    bad deploy and not bad data. 100 = never."""
    dead_letter_window: int = 1_000
    """How many events "the last" are at least; before so many have come it does not stop."""
    fail_fast: bool = False
    """Exit instead of waiting when Kafka, Redis or the warehouse is absent at start."""

    @property
    def in_group(self) -> bool:
        """Whether Kafka assigns the shards."""
        return self.assignment == GROUP

    def shards_of(self, worker: tuple[int, int] | None) -> range:
        """The shards of process n of m: every m-th from the n-th on; all for None. None at all in a
        group, where Kafka says which.

        Raises SettingsError when there are fewer shards than processes, or both ways are asked for.
        """
        if self.in_group:
            if worker is not None:
                raise SettingsError(_either(*worker))
            return range(0)
        number, of = worker or (1, 1)
        if of > self.partitions:
            raise SettingsError(
                f"--worker {number}/{of}: expected at most {self.partitions} processes, as there "
                "are partitions (TOUCHLINE_PARTITIONS)"
            )
        return range(number - 1, self.partitions, of)

    @property
    def kafka_config(self) -> dict[str, str]:
        """What every Kafka client starts from."""
        return {"bootstrap.servers": self.kafka_bootstrap_servers, **self.kafka}


def _either(number: int, of: int) -> str:
    return (
        f"--worker {number}/{of}: expected no such option with TOUCHLINE_ASSIGNMENT={GROUP}, where "
        "Kafka assigns the shards: leave --worker out, in every process, or set "
        f"TOUCHLINE_ASSIGNMENT={STATIC} in every process"
    )


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `environ`. Raises SettingsError for a wrong value or an unknown variable."""
    known: dict[str, Any] = {}
    kafka: dict[str, str] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name in PARSERS:
            known[name] = _parse(variable, text, *PARSERS[name])
        elif variable.startswith(KAFKA_PREFIX):
            kafka[variable.removeprefix(KAFKA_PREFIX).lower().replace("_", ".")] = text
        else:
            raise SettingsError(
                f"{variable}: expected one of {', '.join(PREFIX + n.upper() for n in PARSERS)} "
                f"or {KAFKA_PREFIX}<librdkafka option>, got an unknown name; unset or correct it"
            )
    return Settings(kafka=kafka, **known)


def _parse(variable: str, text: str, parse: Callable[[str], Any], expected: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        shown = "(hidden)" if "url" in variable.lower() else repr(text)
        raise SettingsError(f"{variable}: expected {expected}, got {shown}") from None


def _between(low: int, high: int) -> tuple[Callable[[str], int], str]:
    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return parse, f"a whole number from {low} to {high}"


def _servers(text: str) -> str:
    for server in text.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host or not 0 < int(port) < 65_536:
            raise ValueError
    return text


REDIS_ADDRESS = (
    "redis://, rediss:// or unix://, an address and a database's number if any "
    "(redis://127.0.0.1:6379/0)"
)


def _redis(text: str) -> str:
    parts = urlsplit(text)
    database = parts.path.strip("/")
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError
    if parts.scheme != "unix" and database and not database.isdigit():
        raise ValueError
    return text


STORES = ("file", "s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")
"""Schemes of addresses that are taken, of those the Delta library knows."""
WAREHOUSE_ADDRESS = (
    f"a folder, or an address with one of {', '.join(STORES)} and without a password: the store's "
    "own variables, such as AWS_SECRET_ACCESS_KEY, are for that"
)


def _warehouse(text: str) -> str:
    scheme, separator, _ = _filled(text).partition("://")
    # A password in it would stand in every error of the Delta library.
    if separator and (scheme not in STORES or urlsplit(text).password is not None):
        raise ValueError
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError
    return text


def _channels(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if len(set(names)) != len(names) or not all(map(may_name_channel, names)):
        raise ValueError
    return names


def _topic(text: str) -> str:
    if not TOPIC.fullmatch(text) or text.startswith(OURS):
        raise ValueError
    return text


def _assignment(text: str) -> str:
    if text not in (STATIC, GROUP):
        raise ValueError
    return text


def _flag(text: str) -> bool:
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
        text.lower()
    ]


def _strict_flag(text: str) -> bool:
    try:
        return _flag(text)
    except KeyError:
        raise ValueError from None


PARSERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "kafka_bootstrap_servers": (_servers, "host:port[,host:port...]"),
    "redis_url": (_redis, REDIS_ADDRESS),
    "warehouse_url": (_warehouse, WAREHOUSE_ADDRESS),
    "playbook": (_filled, "the path of a playbook file"),
    "channels": (
        _channels,
        "different names of letters, digits and _, separated by commas, and none of "
        + ", ".join(NO_CHANNELS),
    ),
    "catalogue_topic": (
        _topic,
        f"a topic's name: letters, digits, ., _ and -, 249 at most, and not {OURS}...",
    ),
    "partitions": _between(1, 1024),
    "assignment": (_assignment, f"{STATIC} or {GROUP}"),
    "metrics_host": (_filled, "an address to listen on"),
    "metrics_port": _between(0, 65_535),
    "decide_host": (_filled, "an address to listen on"),
    "decide_port": _between(0, 65_535),
    "flush_events": _between(1, 5_000),
    "flush_bytes": _between(1_024, 268_435_456),
    "cache_profiles": _between(1, 10_000_000),
    "dead_letter_percent": _between(0, 100),
    "dead_letter_window": _between(1, 1_000_000),
    "fail_fast": (_strict_flag, "1 or 0"),
}
