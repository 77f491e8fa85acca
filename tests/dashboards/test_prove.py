"""What the proof says when something is wrong, on a real Prometheus and metrics of a quiet flow."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from dashboards.board_file import BoardFile, Target, read_board
from dashboards.places import BOARDS, PROMETHEUS
from dashboards.prove import prometheus as running
from dashboards.prove.live import Live
from dashboards.prove.prometheus import Api, PrometheusError, configuration, prometheus
from dashboards.prove.proof import Asked, Proof, prove_on
from dashboards.rule_file import Rule
from flows.metrics.meter import Meter
from flows.metrics.server import serve
from flows.settings import Settings
from tests.dashboards.promtool import on_path
from tests.flows.running_up import working_in

OVERVIEW = read_board(BOARDS / "overview.json")
WELL = 'sum(touchline_shards_owned{flow=~"$flow"})'


def nothing_to_see() -> None:
    """No process has ended and nobody has asked to stop."""


@pytest.fixture
def quiet() -> Iterator[Live]:
    """All flows' metrics, each number at its start."""
    servers = {
        flow: serve(
            Meter.for_flow(flow, Settings(), range(2)), "127.0.0.1", 0, lambda: None, lambda: None
        )
        for flow in ("touchpoints", "warehouse", "decide")
    }
    yield Live({flow: server.url for flow, server in servers.items()}, nothing_to_see)
    for server in servers.values():
        server.close()


def board(*expressions: str) -> BoardFile:
    """The overview with these queries in its first panel, and no other panel."""
    targets = [Target(expr=text, ref=str(n), legend=str(n)) for n, text in enumerate(expressions)]
    first = msgspec.structs.replace(OVERVIEW.panels[0], title="Tried", targets=targets)
    return msgspec.structs.replace(OVERVIEW, panels=[first])


def proved(live: Live, folder: Path, asked: Asked) -> Proof:
    on_path("prometheus")
    return prove_on(live, folder, asked, lambda _: None, within_s=2)


def test_each_question_without_an_answer_is_told_with_its_place(
    quiet: Live, tmp_path: Path
) -> None:
    tried = board(WELL, "sum by (", "touchline_nothing", "vector(0) / 0")
    gone = Rule(expr="flow:touchline_gone:sum > 0", alert="Gone")
    proof = proved(quiet, tmp_path, Asked([tried], [gone]))
    came = {failure.place: failure.came for failure in proof.failures}
    unclosed = came.pop("overview / Tried / 1")
    assert unclosed.startswith('the error \'invalid parameter "query": 1:9: parse error: unclosed')
    assert came == {
        "rule Gone / flow:touchline_gone:sum": "nothing",
        "overview / Tried / 2": "nothing",
        "overview / Tried / 3": "no number (NaN) alone",
    }
    (nothing,) = [failure for failure in proof.failures if failure.place == "overview / Tried / 2"]
    assert nothing.line() == (
        "overview / Tried / 2: expected an answer, got nothing;"
        " mend dashboards/boards/overview.py: touchline_nothing"
    )
    assert proof.closing().startswith("1 dashboards, 1 panels, 4 queries, 1 rules: 4 not answered")


def test_a_flow_that_cannot_be_scraped_is_named_with_its_address(
    quiet: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SCRAPED_S", 1.5)  # a scrape takes a second at most
    with socket.socket() as taken:  # nobody listens, and nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/metrics"
        stopped = Live({**quiet.urls, "warehouse": url}, nothing_to_see)
        with pytest.raises(PrometheusError) as caught:
            proved(stopped, tmp_path, Asked([board(WELL)], []))
    said = str(caught.value)
    assert said.startswith(f"prometheus: expected the flow warehouse to answer at {url}, got ")
    assert "connection refused" in said
    assert said.endswith(" and at TOUCHLINE_METRICS_HOST and TOUCHLINE_METRICS_PORT")
    assert "\n" not in said
    assert working_in(tmp_path) == {}


def test_who_asks_to_stop_leaves_no_prometheus_behind(quiet: Live, tmp_path: Path) -> None:
    seen = []

    def at_the_third_look() -> None:
        seen.append(len(working_in(tmp_path)))
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        proved(Live(quiet.urls, at_the_third_look), tmp_path, Asked([board(WELL)], []))
    assert seen[-1] == 1
    assert working_in(tmp_path) == {}


def test_a_prometheus_that_does_not_start_says_why(quiet: Live, tmp_path: Path) -> None:
    on_path("prometheus")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "broken.yml").write_text("groups: [{name: one, rules: [{alert: Some}]}]")
    ours = (PROMETHEUS / "prometheus.yml").read_text()
    (tmp_path / "prometheus.yml").write_text(ours)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with (
        pytest.raises(PrometheusError, match=r"expected it to start, got .*; try `promtool check"),
        prometheus(scratch, quiet.urls, nothing_to_see, ours=tmp_path),
    ):
        pytest.fail("it started")


def test_a_missing_prometheus_is_told_with_the_package_that_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrometheusError) as caught, prometheus(tmp_path, {}, nothing_to_see):
        pytest.fail("it started")
    assert str(caught.value) == (
        "prometheus: expected the program on PATH, got none; install Debian's package"
        " `prometheus` (it brings promtool along)"
    )


def test_prometheus_gets_our_configuration_with_live_targets() -> None:
    flows = ("touchpoints", "warehouse", "decide")
    urls = {flow: f"http://127.0.0.1:{port}/metrics" for port, flow in enumerate(flows, 1)}
    made = configuration(PROMETHEUS, urls)
    (job,) = made["scrape_configs"]
    assert {static["labels"]["flow"]: static["targets"] for static in job["static_configs"]} == {
        flow: [urlsplit(url).netloc] for flow, url in urls.items()
    }
    assert made["rule_files"] == [str(PROMETHEUS / "rules/*.yml")]


def test_a_flow_that_the_configuration_does_not_know_is_named() -> None:
    with pytest.raises(PrometheusError, match=r"a target with the label flow: other, got none"):
        configuration(PROMETHEUS, {"other": "http://127.0.0.1:1/metrics"})


def test_a_prometheus_that_is_gone_is_told() -> None:
    with socket.socket() as taken:  # nobody listens, and nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(PrometheusError, match=rf"expected an answer at 127.0.0.1:{port}, got "):
            Api(port).query("up")
