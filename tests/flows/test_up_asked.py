"""`touchline up --decide-port`: who is asked for offers starts and ends with the rest."""

import json
from pathlib import Path

import pytest

from tests.faults.asking import ask
from tests.flows.running_up import REAL, listens, ready, up


@pytest.mark.usefixtures("kafka", "redis_url")
def test_with_a_port_for_it_offers_can_be_asked_for_until_all_ends(tmp_path: Path) -> None:
    with up(tmp_path, "--decide-port", "0", "--json", program=REAL) as process:
        where = ready(process)
        assert list(where["metrics_urls"]) == ["decide", "touchpoints", "warehouse"]
        answer = ask(where["decide_url"], "ann")
        assert (answer.status, len(answer.offers)) == (200, 1)
        process.terminate()
        out, err = process.communicate()
    assert process.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["summary"]["troubles"] == []
    assert not listens(where["decide_url"])
