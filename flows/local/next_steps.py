"""What to try while everything runs: commands that work as they stand."""

import shlex
import shutil
from pathlib import Path

from flows.local.data_dir import USUAL
from flows.local.stack import Ready
from flows.settings import PREFIX, Settings
from state.store.keys import offers_key


def next_commands(ready: Ready, program: str, customer: str | None) -> list[str]:
    """Four commands to try, with a real customer's id once there is one.

    On the usual folder they find this `up` by themselves.
    """
    name = customer or "CUSTOMER_ID"
    server = ready.redis_url.removeprefix("redis://").removesuffix("/0")
    key = offers_key(name).decode()
    client = shutil.which("redis-cli") or shutil.which("valkey-cli")
    if client:
        port = server.rpartition(":")[2]
        get = f"{Path(client).name} -p {port} GET {shlex.quote(key)}"
    else:
        # curl is one, too: Redis takes commands as plain lines. It would wait for more than the
        # answer, hence a second at most.
        get = f"echo {shlex.quote(f'GET {key}')} | curl -sm1 telnet://{server}"
    to_redis = to_kafka = ""
    if Path(ready.data_dir) != USUAL.absolute():
        to_redis = f" --redis-url redis://{server}"
        to_kafka = f" --bootstrap-servers {ready.bootstrap_servers}"
    return [
        f"{program} customer {shlex.quote(name)}{to_redis}",
        f"{program} tail{to_kafka}",
        get,
        f"curl -s {ready.metrics_urls['touchpoints']}",
    ]


def servers_only_commands(ready: Ready, settings: Settings, program: str) -> list[str]:
    """What leads a flow to the servers of `ready`, and the flow: lines for a shell."""
    told = {"KAFKA_BOOTSTRAP_SERVERS": ready.bootstrap_servers, "REDIS_URL": ready.redis_url}
    if settings.partitions != Settings().partitions:
        told["PARTITIONS"] = str(settings.partitions)
    if settings.channels != Settings().channels:
        told["CHANNELS"] = ",".join(settings.channels)
    exports = [f"export {PREFIX}{name}={shlex.quote(value)}" for name, value in told.items()]
    return [*exports, f"{program} run touchpoints"]
