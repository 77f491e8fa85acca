"""Everything `touchline up` runs, started in order and stopped in the opposite one."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from connectors.kafka.topics import create_topics
from flows.local.data_dir import DataDir
from flows.local.ports import (
    USUAL_KAFKA,
    USUAL_METRICS,
    USUAL_REDIS,
    loopback_port,
    usual_port,
)
from flows.local.process import Process
from flows.local.services import Service, start_kafka, start_redis
from flows.settings import KAFKA_PREFIX, PREFIX, STATIC, Settings

TOUCHLINE = (sys.executable, "-m", "flows.cli")
READY_S = 60.0

# Everything has ended so soon after it was asked to; what has not by then is killed. The rest of
# the 5 s that are promised is for looking and for the closing words.
STOP_S = 4.2
SIMULATOR_S = 0.7
KEPT_S = {"decide": 2.2, "touchpoints": 1.5, "warehouse": 0.0}
"""Flow → what is left for those that end after it, however long it takes; the warehouse flow has
its last polls and its last write to do."""
SERVICE_S = 0.2
"""Nothing they know is kept, so this is a courtesy."""


class Stopped(Exception):
    """The user asked to stop before everything was ready."""


class ChildDied(Exception):
    """A process of the stack ended by itself, or never got ready; the text has its last lines."""


class Demo(Struct, frozen=True, kw_only=True):
    """What the simulator is told."""

    rate: float
    """Events per second."""
    customers: int
    seed: int


class Plan(Struct, frozen=True, kw_only=True):
    """What to start; port 0 = any free, None = the usual one, or any if it is taken."""

    kafka_port: int | None = None
    redis_port: int | None = None
    metrics_port: int | None = None
    """The touchpoints flow's; the others' are any free."""
    decide_port: int | None = None
    """Where offers can be asked for; None = nowhere."""
    demo: Demo | None = None

    def ports(self) -> list[int]:
        """Those that were asked for."""
        wanted = (self.kafka_port, self.redis_port, self.metrics_port, self.decide_port)
        return [port for port in wanted if port]


class Ready(Struct, frozen=True, omit_defaults=True):
    """Where everything is, once it is there."""

    bootstrap_servers: str
    redis_url: str
    metrics_urls: dict[str, str]
    """Flow → URL."""
    warehouse_path: str
    data_dir: str
    decide_url: str = ""
    """What offers are asked of; "" where nobody answers."""


class FlowReady(Struct, frozen=True):
    """The line a flow prints when it is ready."""

    flow: str
    metrics_url: str
    url: str = ""
    """Of what it answers itself, if it does."""


class Stack:
    """Kafka, Redis, both flows and, where wanted, who answers requests, and the simulator.

    `asked_to_stop` is looked at wherever something is waited for. Nothing is started twice; `stop`
    and `kill` work at any moment, also when a start failed half-way.
    """

    def __init__(
        self,
        folder: DataDir,
        settings: Settings,
        plan: Plan,
        asked_to_stop: Callable[[], bool],
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.plan = plan
        self.asked_to_stop = asked_to_stop
        self.services: dict[str, Service] = {}
        self.flows: dict[str, Process] = {}
        self.simulator: Process | None = None
        self._stop_by_s: float | None = None

    def start_services(self) -> None:
        """Start Kafka and Redis, and make the topics.

        Raises PortTaken, ServiceError, TopicError, or Stopped when asked to.
        """
        if self.plan.metrics_port:
            loopback_port(self.plan.metrics_port, "--metrics-port")
        if self.plan.decide_port:
            loopback_port(self.plan.decide_port, "--decide-port")
        self.services["kafka"] = self._serve(start_kafka, self.plan.kafka_port, USUAL_KAFKA)
        self._stop_if_asked()
        self.services["redis"] = self._serve(start_redis, self.plan.redis_port, USUAL_REDIS)
        self._stop_if_asked()
        create_topics(
            {"bootstrap.servers": self.services["kafka"].bootstrap_servers},
            self.settings.channels,
            self.settings.partitions,
            self.settings.catalogue_topic,
        )
        self.folder.tell(self._addresses())

    def _serve(
        self, start: Callable[[Path, int], Service], wanted: int | None, usual: int
    ) -> Service:
        return start(self.folder.logs, self._port(wanted, usual))

    def _port(self, wanted: int | None, usual: int) -> int:
        """The usual port is nobody's when an option keeps it for another server."""
        if wanted is not None:
            return wanted
        return 0 if usual in self.plan.ports() else usual_port(usual)

    def start_flows(self) -> Ready:
        """Start the flows, wait until they are ready, and let the simulator begin.

        Raises ChildDied, or Stopped when asked to.
        """
        environment = self._environment()
        port = self._port(self.plan.metrics_port, USUAL_METRICS)
        if self.plan.decide_port is not None:
            listen = {PREFIX + "DECIDE_PORT": str(self.plan.decide_port)}
            self._start_flow("decide", {**environment, **listen}, 0)
        self._start_flow("touchpoints", environment, port)
        self._start_flow("warehouse", environment, 0)
        ready = self.ready({flow: self._until_ready(one) for flow, one in self.flows.items()})
        if self.plan.demo:
            self.simulator = self._simulate(self.plan.demo, environment)
        return ready

    def ready(self, flows: Mapping[str, FlowReady]) -> Ready:
        """Where everything is, once `start_services` has returned."""
        return Ready(
            bootstrap_servers=self.services["kafka"].bootstrap_servers,
            redis_url=self.services["redis"].redis_url,
            metrics_urls={flow: said.metrics_url for flow, said in flows.items()},
            warehouse_path=str(self.folder.warehouse),
            data_dir=str(self.folder.path),
            decide_url=flows["decide"].url if "decide" in flows else "",
        )

    def check(self) -> None:
        """Raise ChildDied when a process has ended that should run."""
        for process in self._processes():
            if process.exit_code() is not None:
                raise _died(process)

    def stop_simulator(self) -> None:
        """No more events from us, and no more answers."""
        # It ends beside the simulator, and is asked once: a signal that finds Python on its way out
        # would be its end. `stop` waits for it.
        if self._stop_by_s is None and "decide" in self.flows:
            self.flows["decide"].terminate()
        self._left_s()
        if self.simulator:
            self.simulator.stop(SIMULATOR_S)

    def stop(self) -> None:
        """End everything, clients before servers, within STOP_S of the first call of this or of
        `stop_simulator`.

        In the order in which they are started: each takes in what the one before did last.
        """
        self.stop_simulator()
        for flow, process in self.flows.items():
            if flow != "decide":
                process.terminate()
            kept_s = 2 * SERVICE_S + KEPT_S[flow]
            process.wait_or_kill(max(self._left_s() - kept_s, 0))
        for service in reversed(self.services.values()):
            service.stop(SERVICE_S)

    def failures(self) -> dict[str, str]:
        """Flow → how it ended, of those that did not end well; for after `stop`."""
        flows = self.flows.items()
        return {flow: process.ending() for flow, process in flows if process.exit_code()}

    def kill(self) -> None:
        """End everything at once; what was on its way to the warehouse is lost."""
        for process in self._processes():
            process.kill()

    def _processes(self) -> list[Process]:
        simulator = [self.simulator] if self.simulator else []
        servers = [service.process for service in self.services.values()]
        return [*simulator, *self.flows.values(), *servers]

    def _left_s(self) -> float:
        """Seconds until everything has to have ended; the first call starts the clock."""
        now_s = time.monotonic()
        self._stop_by_s = self._stop_by_s or now_s + STOP_S
        return self._stop_by_s - now_s

    def _stop_if_asked(self) -> None:
        if self.asked_to_stop():
            raise Stopped

    def _environment(self) -> dict[str, str]:
        """The user's own, but for what would lead a flow to other servers than ours."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith((KAFKA_PREFIX, "BYTEWAX_"))
        }
        # The embedded broker takes half a minute to let a process into a group.
        ours = {
            PREFIX + "METRICS_HOST": "127.0.0.1",
            PREFIX + "DECIDE_HOST": "127.0.0.1",
            PREFIX + "ASSIGNMENT": STATIC,
        }
        return {**kept, **self._addresses(), **ours}

    def _addresses(self) -> dict[str, str]:
        """Variable → value, of the settings that lead to these servers."""
        ours = {
            "KAFKA_BOOTSTRAP_SERVERS": self.services["kafka"].bootstrap_servers,
            "REDIS_URL": self.services["redis"].redis_url,
            "WAREHOUSE_URL": str(self.folder.warehouse),
            "PLAYBOOK": self.settings.playbook,
            "PARTITIONS": str(self.settings.partitions),
            "CHANNELS": ",".join(self.settings.channels),
        }
        return {PREFIX + name: value for name, value in ours.items()}

    def _child(self, name: str, arguments: tuple[str, ...], env: Mapping[str, str]) -> Process:
        logs = self.folder.logs
        command = [*TOUCHLINE, *arguments]
        return Process(name, command, logs / f"{name}.log", env=env, out=logs / f"{name}.out")

    def _simulate(self, demo: Demo, environment: Mapping[str, str]) -> Process:
        kafka, redis = self.services["kafka"], self.services["redis"]
        servers = ("--bootstrap-servers", kafka.bootstrap_servers, "--redis-url", redis.redis_url)
        crowd = ("--customers", str(demo.customers), "--seed", str(demo.seed))
        arguments = ("simulate", "--json", *servers, "--rate", str(demo.rate), *crowd)
        return self._child("simulator", arguments, environment)

    def _start_flow(self, flow: str, environment: Mapping[str, str], metrics_port: int) -> None:
        env = {**environment, PREFIX + "METRICS_PORT": str(metrics_port)}
        self.flows[flow] = self._child(flow, ("run", flow, "--json"), env)

    def _until_ready(self, process: Process) -> FlowReady:
        """What it has printed, once it has."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            self.check()
            if lines := process.printed():
                return msgspec.json.decode(lines[0], type=FlowReady)
            self._stop_if_asked()
            time.sleep(0.02)
        raise ChildDied(f"{process.name} was not ready after {READY_S:.0f} s{_last(process)}")


def _died(process: Process) -> ChildDied:
    return ChildDied(f"{process.name} {process.ending()}{_last(process)}")


def _last(process: Process) -> str:
    lines = "".join(f"\n  {line}" for line in process.last_lines())
    return f"; {process.log} ends with:{lines}" if lines else f"; {process.log} is empty"
