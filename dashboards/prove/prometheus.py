"""A Prometheus of our own for a while: our configuration, live targets, free loopback port."""

import http.client
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from msgspec import Struct
from ruamel.yaml import YAML

from dashboards.places import PROMETHEUS
from flows.local.ports import LOOPBACK, loopback_port
from flows.local.process import Process

SCRAPE_S: Final = 1
READY_S: Final = 20.0
LISTED_S: Final = 20.0
"""Prometheus takes 5 s to look at its targets for the first time."""
SCRAPED_S: Final = 5.0
"""From then on."""
STOP_S: Final = 5.0
ANSWER_S: Final = 10.0


Look = Callable[[], None]
"""Raises when there is no point in waiting any longer."""


class PrometheusError(Exception):
    """Prometheus is missing, did not start, or cannot scrape; the text says what to do."""


class Refused(Exception):
    """Prometheus answered a question with an error; the text is its own."""


class Api(Struct, frozen=True):
    """Prometheus' HTTP API."""

    port: int

    def query(self, expression: str) -> list[Any]:
        """The samples that an expression has now. Raises Refused."""
        result = self._data("query", {"query": expression})
        return [result["result"]] if result["resultType"] == "scalar" else list(result["result"])

    def label_values(self, label: str, selector: str) -> list[str]:
        """The values of a label among the series of a selector. Raises Refused."""
        return list(self._data(f"label/{quote(label)}/values", {"match[]": selector}))

    def rules(self) -> list[dict[str, Any]]:
        """Every rule with its health and last error."""
        return [rule for group in self._data("rules", {})["groups"] for rule in group["rules"]]

    def targets(self) -> list[dict[str, Any]]:
        """Every target with its labels, health and last error."""
        return list(self._data("targets", {"state": "active"})["activeTargets"])

    def ready(self) -> bool:
        """Whether it answers questions already."""
        try:
            return self._get("/-/ready")[0] == http.client.OK
        except PrometheusError:
            return False

    def _data(self, what: str, parameters: Mapping[str, str]) -> Any:
        _, text = self._get(f"/api/v1/{what}?{urlencode(parameters)}")
        answer = json.loads(text)
        if answer["status"] != "success":
            raise Refused(" ".join(answer["error"].split()))
        return answer["data"]

    def _get(self, path: str) -> tuple[int, bytes]:
        # Not urllib.request: that would ask the environment's proxy for a page of this machine.
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=ANSWER_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise PrometheusError(
                f"prometheus: expected an answer at {LOOPBACK}:{self.port}, got {str(error)!r}; it"
                " has ended or is too busy, so try once more"
            ) from None
        finally:
            connection.close()


def program() -> str:
    """The path of Prometheus. Raises PrometheusError when it is not on PATH."""
    found = shutil.which("prometheus")
    if found is None:
        raise PrometheusError(
            "prometheus: expected the program on PATH, got none; install Debian's package"
            " `prometheus` (it brings promtool along)"
        )
    return found


@contextmanager
def prometheus(
    folder: Path, urls: Mapping[str, str], look: Look, ours: Path = PROMETHEUS
) -> Iterator[Api]:
    """Prometheus with `ours`, its targets replaced by `urls` (flow → where its metrics are), until
    the end of the block; data, configuration and log in `folder`. Every target has been scraped.

    Raises PrometheusError, and what `look` raises while something is waited for.
    """
    binary = program()
    file = folder / "prometheus.yml"
    with file.open("w") as out:
        YAML(typ="safe").dump(configuration(ours, urls), out)
    port = loopback_port(0, "")
    command = [
        *(binary, f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}"),
        *(f"--web.listen-address={LOOPBACK}:{port}", "--log.level=warn"),
    ]
    process = Process("prometheus", command, folder / "prometheus.log", env={}, cwd=folder)
    try:
        api = Api(port)
        _until_ready(api, process, look)
        _until_scraped(api, look)
        yield api
    finally:
        process.stop(STOP_S)


def configuration(ours: Path, urls: Mapping[str, str]) -> dict[str, Any]:
    """Our configuration with `urls` as its targets, and once a second instead of in earnest.

    Raises PrometheusError when it has no target of a flow.
    """
    whole: dict[str, Any] = YAML(typ="safe").load(ours / "prometheus.yml")
    whole["global"] = {
        "scrape_interval": f"{SCRAPE_S}s",
        "scrape_timeout": f"{SCRAPE_S}s",
        "evaluation_interval": f"{SCRAPE_S}s",
    }
    whole["rule_files"] = [str(ours.resolve() / files) for files in whole["rule_files"]]
    listed = [
        static
        for job in whole["scrape_configs"]
        for static in job["static_configs"]
        if static["labels"]["flow"] in urls
    ]
    if missing := urls.keys() - {static["labels"]["flow"] for static in listed}:
        raise PrometheusError(
            f"{ours / 'prometheus.yml'}: expected a target with the label flow: {min(missing)},"
            " got none; add it to static_configs"
        )
    for static in listed:
        static["targets"] = [urlsplit(urls[static["labels"]["flow"]]).netloc]
    return whole


def _until_ready(api: Api, process: Process, look: Look) -> None:
    deadline = time.monotonic() + READY_S
    while not api.ready():
        if process.exit_code() is not None or time.monotonic() > deadline:
            said = " ".join(process.last_lines(1)) or "nothing"
            raise PrometheusError(
                f"prometheus: expected it to start, got {said!r}; try `promtool check config"
                " dashboards/prometheus/prometheus.yml`"
            )
        look()
        time.sleep(0.05)


def _until_scraped(api: Api, look: Look) -> None:
    deadline = time.monotonic() + LISTED_S
    while not api.targets():
        if time.monotonic() > deadline:
            raise PrometheusError(
                f"prometheus: expected targets to scrape, got none within {LISTED_S:.0f} s; look"
                " at static_configs in dashboards/prometheus/prometheus.yml"
            )
        look()
        time.sleep(0.1)
    deadline = time.monotonic() + SCRAPED_S
    while missing := [target for target in api.targets() if target["health"] != "up"]:
        if time.monotonic() > deadline:
            raise PrometheusError(_unscraped(missing[0]))
        look()
        time.sleep(0.1)


def _unscraped(target: Mapping[str, Any]) -> str:
    return (
        f"prometheus: expected the flow {target['labels']['flow']} to answer at"
        f" {target['scrapeUrl']}, got {target['lastError'] or 'no answer yet'!r}; look whether it"
        " runs, and at TOUCHLINE_METRICS_HOST and TOUCHLINE_METRICS_PORT"
    )
