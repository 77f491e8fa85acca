"""The whole proof, unless .ci/run has just seen it in `make dashboards-check`, which stops CI when
something has no answer."""

import os
from pathlib import Path

import pytest

from dashboards.places import BOARDS
from dashboards.prove.proof import prove, read_all
from flows.local.session import Interrupts
from tests.dashboards.promtool import on_path
from tests.flows.running_up import left_in


def test_every_query_and_every_rule_has_an_answer_on_a_live_flow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.environ.get("DASHBOARDS_CHECKED"):
        pytest.skip("make dashboards-check has just asked the same")
    on_path("prometheus")
    proof = prove(tmp_path, read_all(), Interrupts(), print)
    assert [failure.line() for failure in proof.failures] == []
    assert proof.dashboards == len(list(BOARDS.glob("*.json"))) == 4
    assert proof.panels >= 80
    assert proof.queries >= 100
    assert proof.rules == 45
    assert left_in(tmp_path) == {}
