"""docs/metrics.md says what is measured, and its queries can be asked."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.metrics.catalogue import METRICS, Kind
from flows.metrics.document import QUESTIONS, document

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_page_is_the_one_that_the_catalogue_makes() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "flows.metrics.document"],
        cwd=PAGE.parents[1],
        capture_output=True,
        check=True,
    )
    assert made.stdout.decode() == PAGE.read_text(), (
        "write it again: python -m flows.metrics.document > docs/metrics.md"
    )


def test_every_metric_has_one_row_with_its_kind_unit_and_meaning() -> None:
    rows = [line.split(" | ") for line in document().splitlines() if line.startswith("| `")]
    found = {row[0].strip("| `"): row for row in rows}
    assert len(rows) == len(found) == len(METRICS)
    for metric in METRICS:
        _, kind, unit, labels, meaning = found[metric.name]
        assert kind.startswith(metric.kind)
        assert unit == (metric.unit or "-")
        assert meaning.removesuffix(" |") == metric.meaning
        assert all(label in labels for label in metric.labels)


@pytest.mark.parametrize(("question", "query"), QUESTIONS)
def test_a_query_asks_for_what_is_measured_by_labels_that_it_has(question: str, query: str) -> None:
    names = set(re.findall(r"\btouchline_\w+", query))
    assert names, question
    asked = set(re.findall(r"by \(([\w, ]+)\)|\{(\w+)=", query))
    labels = {label.strip() for pair in asked for part in pair for label in part.split(",")} - {""}
    for name in names:
        (metric,) = (m for m in METRICS if name in series(m.name, m.kind))
        assert labels <= {*metric.labels, "le"}


def series(name: str, kind: Kind) -> set[str]:
    parts = ("bucket", "sum", "count")
    return {f"{name}_{part}" for part in parts} if kind is Kind.HISTOGRAM else {name}


def test_prometheus_can_read_every_query(tmp_path: Path) -> None:
    program = shutil.which("promtool")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("promtool is missing in CI")
        pytest.skip("promtool is not on this machine; Debian has it in `prometheus`")
    rules = [{"record": f"doc:{n}", "expr": query} for n, (_, query) in enumerate(QUESTIONS)]
    file = tmp_path / "rules.json"  # YAML holds all JSON
    file.write_text(json.dumps({"groups": [{"name": "doc", "rules": rules}]}))
    done = subprocess.run(
        [program, "check", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
