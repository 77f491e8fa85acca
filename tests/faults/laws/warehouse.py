"""What must hold of a warehouse once its writer has stopped: its tables, and its own account."""

import subprocess
import sys
from pathlib import Path

import orjson

from tests.faults.laws.tables import judge_tables
from tests.faults.laws.verdict import Verdict
from tests.faults.world import ROOT, World

BALANCES = "`touchline warehouse reconcile` balances"
WITHIN_S = 300


def judge_warehouse(world: World, warehouse: Path, verdict: Verdict) -> None:
    """The tables against the logs, and what `touchline warehouse reconcile` says of them."""
    config = {"bootstrap.servers": world.bootstrap_servers}
    judge_tables(config, world.partitions, warehouse, verdict)
    reconciled(world, warehouse, verdict)


def reconciled(world: World, warehouse: Path, verdict: Verdict) -> None:
    """Every event that was produced is accounted for, and nothing is on its way."""
    command = ["warehouse", "reconcile", "--json", "--wait", "20", "--url", str(warehouse)]
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", *command],
        env=world.environment,
        cwd=ROOT,
        capture_output=True,
        timeout=WITHIN_S,
        check=False,
    )
    account = orjson.loads(done.stdout) if done.stdout else {"total": {}}
    said = f"exit code {done.returncode}, {account['total']}, {done.stderr.decode()[-300:]!r}"
    verdict.expect(done.returncode == 0, BALANCES, said)
    produced = account["total"].get("produced")
    verdict.expect(
        produced == verdict.produced, BALANCES, f"{produced} of {verdict.produced} are accounted"
    )
