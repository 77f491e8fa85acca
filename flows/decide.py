"""Offers for who asks with a context, over HTTP: decides as the touchpoints flow does, and leaves
what it decides to that flow by way of Kafka.

Changes no customer's state. See `flows.deciding.answering` for what is guaranteed.
"""

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET, socket

import uvicorn
from confluent_kafka import KafkaException

from connectors.kafka.answer_log import AnswerLog
from connectors.kafka.errors import Outage
from decisions.load import load_playbook
from decisions.playbook import Playbook
from flows.deciding.answering import Answering
from flows.deciding.http import PATH, Api
from flows.metrics.availability import Availability
from flows.metrics.meter import Meter
from flows.metrics.server import cannot_listen
from flows.processor.start import wait_for_kafka, wait_for_redis
from flows.settings import Settings, SettingsError
from flows.waiting import wait_for
from state.store.requests import Requests

log = logging.getLogger("touchline.decide")

LOOK_S = 0.05
"""How late a stop is noticed."""
DRAIN_S = 3
"""How long requests under way may take to be answered once it is to stop."""
IDLE_S = 65
"""How long a connection is kept open for the next request: longer than proxies keep theirs."""
WAITING = 256
"""Connections that may wait to be taken."""


def run(
    settings: Settings, meter: Meter, stop: threading.Event, ready: Callable[[str], None]
) -> None:
    """Answer until `stop` is set, then finish what is under way.

    `ready` is called once, with the URL to ask. Raises SettingsError when the address cannot be
    listened on, PlaybookError, Refused, Unsuitable, ServiceAbsent, KafkaException.
    """
    playbook = load_playbook(Path(settings.playbook))
    meter.set("touchline_playbook_info", 1, version=playbook.version)
    with _bound(settings.decide_host, settings.decide_port) as listener:
        kafka, redis_there = Availability(meter, "kafka"), Availability(meter, "redis")
        if wait_for_kafka(settings, stop, kafka) is None:
            return
        if not wait_for_redis(settings, stop, redis_there):
            return
        written = AnswerLog(settings.kafka_config, Outage(log, kafka.tell))
        try:
            known = wait_for(
                "Kafka",
                written.partitions,
                (KafkaException,),
                stop,
                settings.fail_fast,
            )
            if known:
                asyncio.run(
                    _serve(settings, meter, playbook, written, redis_there, listener, stop, ready)
                )
        finally:
            written.close()


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket]:
    """A socket that nobody else can have; it listens once there is something to answer with."""
    with socket(AF_INET6 if ":" in host else AF_INET) as listener:
        listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, TypeError) as error:
            raise SettingsError(cannot_listen("TOUCHLINE_DECIDE", host, port, error)) from None
        yield listener


async def _serve(
    settings: Settings,
    meter: Meter,
    playbook: Playbook,
    written: AnswerLog,
    redis_there: Availability,
    listener: socket,
    stop: threading.Event,
    ready: Callable[[str], None],
) -> None:
    requests = Requests(settings.redis_url)
    answering = Answering(
        playbook, settings.partitions, requests, written, meter, redis_there, _now_ms
    )
    server = _Server(
        uvicorn.Config(
            Api(answering, meter),
            http="httptools",
            ws="none",
            loop="asyncio",
            lifespan="off",
            backlog=WAITING,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=DRAIN_S,
            server_header=False,
            proxy_headers=False,
            access_log=False,
            log_config=None,
            log_level="warning",
        )
    )
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(LOOK_S)
    host, port = listener.getsockname()[:2]
    # Modules and compiled rules live for good: no collection looks at them again.
    gc.collect()
    gc.freeze()
    if server.started:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}")
    while not stop.is_set() and not serving.done():
        await asyncio.sleep(LOOK_S)
        redis_there.look()
    server.should_exit = True
    await serving
    await answering.finish()
    await requests.close()


class _Server(uvicorn.Server):
    """Leaves signals to who runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None of them."""
        yield


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
