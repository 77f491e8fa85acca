"""Writing results down: results.json, the charts and the README's tables, all from one run."""

import re
from importlib.util import find_spec
from pathlib import Path

import msgspec

from benchmarks.report.charts import CHARTS, FOLDER, png
from benchmarks.report.readme import parts, with_results
from benchmarks.results import Results

HERE = Path(__file__).resolve().parents[1]
JSON, README = "results.json", "README.md"
ROOM = 262_144
"""Bytes: about what all files of a run take."""
NUMBERS = re.compile(r"\[[\s\d.,eE+-]*\]")
"""A list of nothing but numbers, however many lines it stands on."""


def encoded(results: Results) -> bytes:
    """JSON of `results`, indented, a list of numbers on one line."""
    text = msgspec.json.format(msgspec.json.encode(results), indent=1).decode()
    return NUMBERS.sub(_on_one_line, text).encode() + b"\n"


def _on_one_line(found: re.Match[str]) -> str:
    return f"[{' '.join(found[0][1:-1].split())}]"


def read(path: Path) -> Results:
    """Results that were kept. Raises OSError, and ValueError for what are none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Results)
    except msgspec.DecodeError as error:
        raise ValueError(f"{path}: expected results of `make bench`, got: {error}") from None


def check(folder: Path = HERE) -> None:
    """Whether `keep` can write to `folder`: asked first, as measuring takes minutes.

    Raises OSError, ImportError without what draws charts, ValueError when the README lacks its
    marks.
    """
    if find_spec("matplotlib") is None:
        raise ImportError(
            "--write draws charts with matplotlib, which is not installed: make bench"
        )
    (folder / FOLDER).mkdir(exist_ok=True)
    for place in (folder, folder / FOLDER):
        trial = place / ".trial"
        try:
            trial.write_bytes(b"x" * ROOM)
        finally:
            trial.unlink(missing_ok=True)
    parts((folder / README).read_text(), str(folder / README))


def keep(results: Results, folder: Path = HERE) -> None:
    """Write everything, each file at once and only when all are made; charts of nothing go.

    Raises OSError, ValueError.
    """
    readme = (folder / README).read_text()
    files = {folder / JSON: encoded(results)}
    for name, chart in CHARTS.items():
        path = folder / FOLDER / f"{name}.png"
        if chart.fits(results):
            files[path] = png(chart, results)
        else:
            path.unlink(missing_ok=True)
    files[folder / README] = with_results(readme, results, str(folder / README)).encode()
    (folder / FOLDER).mkdir(exist_ok=True)
    written = []
    try:
        for path, content in files.items():
            written.append(path.with_name(f".{path.name}.new"))
            written[-1].write_bytes(content)
        for path, new in zip(files, written, strict=True):
            new.replace(path)
    finally:
        for new in written:
            new.unlink(missing_ok=True)
