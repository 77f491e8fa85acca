"""A service's own command on this machine: where its program is, and where its folders are here."""

import json
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from flows.local.ports import loopback_port
from flows.local.process import Process
from requirements.lock import ROOT
from tests.stack.compose import SERVICES, Service, mounted


def program(name: str, package: str) -> str:
    """The program on PATH; skips at home and fails in CI when there is none."""
    found = shutil.which(name)
    if found is not None:
        return found
    missing = f"{name} is not on this machine; Debian has it in `{package}`"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def until(true: Callable[[], bool], process: Process, seconds: float = 30) -> None:
    """Poll until `true`; fails with what the process said when it ended, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        said = "\n".join(process.last_lines(20))
        assert process.exit_code() is None, f"{process.name} ended:\n{said}"
        assert time.monotonic() < deadline, f"{process.name} in vain:\n{said}"
        time.sleep(0.02)


def answer(url: str) -> Any:
    """The JSON at `url`; None while nobody answers with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            text = response.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return None
    return json.loads(text) if text.startswith("{") else text


class Here:
    """Where the names and folders of the containers are on this machine."""

    def __init__(self, kafka: str, redis_url: str, folder: Path) -> None:
        self.folder = folder
        self.warehouse = folder / "warehouse"
        self.places = {
            "kafka:19092": kafka,
            "redis://redis:6379/0": redis_url,
            "/var/lib/touchline/warehouse": str(self.warehouse),
            "0.0.0.0": "127.0.0.1",
        }

    def environment(self, service: Service) -> dict[str, str]:
        """What the service is told, with places of this machine and free ports."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TOUCHLINE_")}
        told = {name: self._here(service, str(text)) for name, text in self._told(service).items()}
        if "TOUCHLINE_METRICS_PORT" in told:
            told["TOUCHLINE_METRICS_PORT"] = str(loopback_port(0, ""))
            told["TOUCHLINE_DECIDE_PORT"] = "0"
        # As a container may be told by Docker; nothing that is asked on loopback may go there.
        proxy = {"http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
        return {**kept, **proxy, "PYTHONPATH": str(ROOT), **told}

    def start(self, name: str, environment: Mapping[str, str]) -> Process:
        """The service's own command, as the image's entry point runs it."""
        command = [sys.executable, "-m", "flows.cli", *SERVICES[name]["command"]]
        log = self.folder / f"{name}.log"
        return Process(name, command, log, env=environment, cwd=self.folder)

    def _told(self, service: Service) -> dict[str, str]:
        told: dict[str, str] = service["environment"]
        return told

    def _here(self, service: Service, text: str) -> str:
        if text in self.places:
            return self.places[text]
        if text.startswith("/app/"):  # mounted, or copied into the image
            return str(ROOT / (mounted(service, text) or text.removeprefix("/app/")))
        return text
