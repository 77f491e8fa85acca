"""docs/offers.md, "Asking with a context": its example is run, its table is that of the code."""

import json
import re
import shlex
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from flows import decide
from flows.deciding.failure import Code, Failure
from flows.metrics.meter import Meter
from flows.settings import Settings
from state.decided import request_identity
from state.decision_ids import decision_id

DOCUMENT = (Path(__file__).parents[3] / "docs" / "offers.md").read_text()
PORT = str(Settings().decide_port)


def block(language: str) -> str:
    example = DOCUMENT.split("<!-- asked: run by a test -->\n")[1].split("<!-- /asked -->")[0]
    (found,) = re.findall(rf"```{language}\n(.*?)```", example, re.DOTALL)
    return str(found)


def without_times(document: dict[str, Any]) -> Any:
    text = json.dumps(document, sort_keys=True)
    return json.loads(re.sub(r'"20[^"]*Z"', '"a time"', text))


def test_every_code_is_told_with_its_status_in_their_order() -> None:
    table = DOCUMENT.split("<!-- codes: checked by a test -->\n")[1].split("<!-- /codes -->")[0]
    told = re.findall(r"^\| `(\w+)` \| (\d+) \|", table, re.MULTILINE)
    assert told == [(code, str(int(Failure(code, "").status))) for code in Code]


def test_the_ids_of_the_example_are_those_that_this_request_has() -> None:
    for offer in json.loads(block("json"))["offers"]:
        own = request_identity("c-000001", "view-4711", "offer.decided", offer["offer_id"])
        assert offer["decision_id"] == decision_id("c-000001", own).hex()


def test_the_example_is_answered_as_is_said(
    fresh_topics: str, fresh_redis: str, tmp_path: Path
) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not on this machine")
    playbook = tmp_path / "playbook.yaml"
    playbook.write_text(block("yaml"))
    settings = structs.replace(
        Settings(),
        kafka_bootstrap_servers=fresh_topics,
        redis_url=fresh_redis,
        playbook=str(playbook),
        decide_port=0,
    )
    stop, is_ready, urls = threading.Event(), threading.Event(), list[str]()

    def ready(url: str) -> None:
        urls.append(url)
        is_ready.set()

    meter = Meter.for_flow("decide", settings)
    thread = threading.Thread(target=decide.run, args=(settings, meter, stop, ready))
    thread.start()
    try:
        assert is_ready.wait(60)
        port = urls[0].rpartition(":")[2].partition("/")[0]
        command = shlex.split(block("sh").replace(PORT, port))
        answer = subprocess.run([*command, "--noproxy", "*"], capture_output=True, check=True)
    finally:
        stop.set()
        thread.join()
    assert without_times(json.loads(answer.stdout)) == without_times(json.loads(block("json")))
    assert meter.value("touchline_decide_requests_total", outcome="answered") == 1
    assert meter.value("touchline_decide_seconds") == 1
    assert meter.value("touchline_decide_offers_total", how="decided") == 2
