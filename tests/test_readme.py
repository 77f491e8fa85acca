"""What the README shows is what happens: its picture, snippets and commands, run as they stand."""

import contextlib
import functools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from deltalake import DeltaTable
from msgspec.json import decode

from connectors.published.record_types import OffersDocument
from flows.picture import mermaid

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
WAIT_S = 30
STOP_S = 5
FIRST_OFFER_S = 60


def blocks(language: str) -> list[str]:
    """The README's code blocks in `language`."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def example(name: str) -> str:
    """The code of the example that carries this name."""
    (found,) = re.findall(rf"<!-- example: {name} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    return str(found)


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TOUCHLINE_")}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
        "PYTHONPATH": str(ROOT),
    }


class Up:
    """`touchline up` while tests use it."""

    def __init__(self, folder: Path) -> None:
        """`folder` stands for a checkout in which nothing has run yet."""
        self.folder = folder
        (folder / "playbooks").symlink_to(ROOT / "playbooks")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "up", "--json"],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.addresses: dict[str, Any] = json.loads(self.process.stdout.readline())

    def here(self, text: str) -> str:
        """`text` with the usual ports replaced by those of this run."""
        kafka = self.addresses["bootstrap_servers"].rpartition(":")[2]
        redis_port = str(urlsplit(self.addresses["redis_url"]).port)
        text = text.replace("19092", kafka).replace("16379", redis_port)
        return text.replace(".touchline/warehouse", self.addresses["warehouse_path"])

    def answers(self, path: str) -> dict[str, int]:
        """Flow → the status at `path`, beside its metrics."""
        urls = self.addresses["metrics_urls"]
        return {flow: status(url.replace("/metrics", path)) for flow, url in urls.items()}

    def offers(self, customer: str) -> OffersDocument:
        """What is served to `customer`, as soon as there is something."""
        client = redis.Redis.from_url(self.addresses["redis_url"])
        deadline = time.monotonic() + WAIT_S
        while True:
            found = client.get(f"touchline:offers:{customer}")
            if isinstance(found, bytes):
                return decode(found, type=OffersDocument)
            assert time.monotonic() < deadline, f"no offer for {customer}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("up"))
    yield running
    listeners = listening(running.process.pid)
    began_s = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    running.process.communicate(timeout=30)
    assert running.process.returncode == 0
    assert time.monotonic() - began_s <= STOP_S
    # By inode: the usual port may be somebody else's by now.
    assert not listeners.keys() & all_listeners().keys()


@functools.cache
def linux() -> bool:
    return Path("/proc/net/tcp").exists()


def all_listeners() -> dict[str, str]:
    """Inode of a socket that listens → its address and port, as Linux spells them."""
    if not linux():
        return {}
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path("/proc/net", table).read_text().splitlines()[1:]
    ]
    return {row[9]: row[1] for row in rows if row[3] == "0A"}


def listening(pid: int) -> dict[str, str]:
    """Inode → address and port, where the process and its descendants listen."""
    sockets = all_listeners()
    found = {}
    for one in [pid, *descendants(pid)]:
        for handle in Path(f"/proc/{one}/fd").glob("*"):
            with contextlib.suppress(OSError):
                name = str(handle.readlink())
                if name.startswith("socket:[") and (place := sockets.get(name[8:-1])):
                    found[name[8:-1]] = place
    return found


def descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    direct = [int(child) for child in children.read_text().split()] if children.exists() else []
    return [*direct, *(below for child in direct for below in descendants(child))]


def test_everything_that_is_started_listens_on_loopback_alone(up: Up) -> None:
    if not linux():
        pytest.skip("only Linux tells who listens where, in /proc")
    places = set(listening(up.process.pid).values())
    assert len(places) == 4  # Kafka, Redis, two pages of metrics
    assert {place.partition(":")[0] for place in places} == {"0100007F"}  # 127.0.0.1


def test_the_picture_is_the_one_the_code_draws() -> None:
    assert blocks("mermaid") == [mermaid() + "\n"]


def python(code: str) -> str:
    """What `code` prints in this Python."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=True,
    ).stdout


def test_the_python_example_prints_an_offer(up: Up) -> None:
    output = python(up.here(example("python")))
    printed = decode(output, type=OffersDocument)
    assert printed.customer_id == "ann"
    (shown,) = blocks("json")
    document = json.loads(shown.replace("\n", " "))
    assert [offer.offer_id for offer in printed.offers] == [
        offer["offer_id"] for offer in document["offers"]
    ]
    raw = json.loads(output)
    assert raw.keys() == document.keys()
    assert raw["offers"][0].keys() == document["offers"][0].keys()
    for name in ("channel", "rank", "value", "placement"):
        assert raw["offers"][0][name] == document["offers"][0][name], name
    for offer in (raw["offers"][0], document["offers"][0]):
        assert offer["score"] == pytest.approx(offer["propensity"] * offer["value"])
        assert 0 < offer["propensity"] < 0.5


def test_the_node_example_leads_to_an_offer(up: Up, tmp_path: Path) -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        if os.environ.get("CI") == "true":
            pytest.fail("node and npm are missing in CI")
        pytest.skip("node and npm are not on this machine")
    (install,) = re.findall(r"`npm (install \S+)`", README)
    (tmp_path / "shop.mjs").write_text(up.here(example("node")))
    npm = ["npm", *install.split(), "--no-audit", "--no-fund", "--loglevel=error"]
    installed = subprocess.run(npm, cwd=tmp_path, timeout=90, capture_output=True, check=False)
    if installed.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip("npm cannot install the client here: no network, or no registry of packages")
    assert installed.returncode == 0, installed.stderr.decode()
    subprocess.run(["node", "shop.mjs"], cwd=tmp_path, check=True, timeout=WAIT_S)
    assert up.offers("bob").offers


def test_the_tables_are_read_as_is_said(up: Up) -> None:
    python(up.here(example("python")))
    table = Path(up.addresses["warehouse_path"], "touchpoints")
    deadline = time.monotonic() + WAIT_S
    while not DeltaTable.is_deltatable(str(table)) or not DeltaTable(table).file_uris():
        assert time.monotonic() < deadline, "no row in the warehouse"
        time.sleep(0.05)
    shown = python(up.here(example("delta")))
    assert re.search(r"\| Product Viewed +\| \d+", shown)


def status(url: str) -> int:
    """What an HTTP server answers, be it well or not."""
    try:
        with urllib.request.urlopen(url, timeout=WAIT_S) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_each_flow_answers_at_what_is_named(up: Up, path: str) -> None:
    assert f"`{path}`" in README
    assert up.answers(path) == {"touchpoints": 200, "warehouse": 200}


def test_the_touchline_commands_do_what_is_said(up: Up) -> None:
    commands = [
        line
        for block in blocks("sh")
        for line in block.splitlines()
        if line.startswith(".venv/bin/touchline ")
    ]
    assert len(commands) == 8
    python(up.here(example("python")))
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", *shlex.split(up.here(command))[1:]],
            cwd=up.folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=2 * WAIT_S,  # `warehouse reconcile` itself waits 30 s for rows on their way.
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert done.stdout.strip(), command


def test_make_run_starts_everything_and_prints_nothing_but_json(tmp_path: Path) -> None:
    """The first of the two commands, for a few seconds; the second is what runs this test."""
    assert "make run\n" in blocks("sh")
    assert "make test\n" in blocks("sh")
    arguments = f"--json --for 5 --data-dir {tmp_path / 'data'}"
    done = subprocess.run(
        ["make", "-s", "run", f"ARGS={arguments}"],
        cwd=ROOT,
        env={**environment(), "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"bootstrap_servers", "redis_url", "metrics_urls", "warehouse_path", "data_dir"} <= (
        lines[0].keys()
    )
    summary = lines[-1]["summary"]
    assert summary["events"] > 0
    assert summary["offers"] > 0
    assert summary["first_offer_s"] <= FIRST_OFFER_S


def test_a_run_that_was_made_stands_below_the_commands() -> None:
    (shown,) = re.findall(r"<!-- summary: begin -->\n(.*?)<!-- summary: end -->", README, re.DOTALL)
    assert re.search(r'^make run ARGS="--for \d+"$', shown, re.MULTILINE)
    # A label as `words_of` sets it: in a column of 14.
    assert re.findall(r"^([a-z ]{14})\S", shown, re.MULTILINE) == [
        f"{label:<14}"
        for label in (
            *("ran", "events", "to offer", "offers"),
            *("alerts", "dead letters", "answers", "warehouse"),
        )
    ]


def test_every_link_into_the_repository_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
