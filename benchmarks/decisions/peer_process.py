"""The peers' environment, made when it is first asked for, and their process.

MABWiser (Apache-2.0) and river (BSD-3-Clause) bring pandas, scikit-learn, SciPy and seaborn: 370 MB
that nobody who works on this project needs otherwise. So they have requirements/peers.lock and
.venv/peers to themselves, with the NumPy that dev.lock has, so that worlds are the same.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "peers.lock"


def peers_python() -> Path:
    """The interpreter of their environment, made or renewed if need be.

    That takes 20 s and an index of packages. Raises RuntimeError when it fails.
    """
    home = Path(sys.prefix) / "peers"
    python, stamp = home / "bin" / "python", home / ".made-from"
    wanted = LOCK.read_text()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    uv = str(Path(sys.executable).parent / "uv")
    _install(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home))
    _install(uv, "pip", "sync", "--quiet", "--require-hashes", f"--python={python}", str(LOCK))
    stamp.write_text(wanted)
    return python


def _install(*command: str) -> None:
    settings = {"UV_SYSTEM_CERTS": "1"} | dict(os.environ)
    if index := settings.get("PIP_INDEX_URL"):
        settings.setdefault("UV_DEFAULT_INDEX", index)
    try:
        subprocess.run(command, env=settings, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        why = getattr(error, "stderr", None) or error
        raise RuntimeError(f"MABWiser and river could not be installed: {why}") from None


@contextmanager
def peers_at(python: Path, asked: dict[str, Any]) -> Iterator["Answers"]:
    """Their process at work on `asked`, see `peers.main`; it is ended with the block."""
    process = subprocess.Popen(
        [python, "-W", "ignore", "-m", "benchmarks.decisions.peers"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Answers(process, json.dumps(asked))
        finally:
            process.kill()


class Answers:
    """What it says, read meanwhile, so that it never waits for us."""

    def __init__(self, process: "subprocess.Popen[str]", asked: str) -> None:
        self._process, self._said, self._errors = process, list[str](), list[str]()
        assert process.stdin is not None, "a pipe, see above"
        process.stdin.write(asked)
        process.stdin.close()
        self._readers = [
            Thread(target=_read, args=(stream, lines), daemon=True)
            for stream, lines in ((process.stdout, self._said), (process.stderr, self._errors))
        ]
        for reader in self._readers:
            reader.start()

    def all(self) -> list[dict[str, Any]]:
        """When it has ended. Raises RuntimeError if it failed."""
        for reader in self._readers:
            reader.join()
        if self._process.wait():
            raise RuntimeError(f"the peers' process failed: {''.join(self._errors[-5:])}")
        return [json.loads(line) for line in self._said]


def _read(stream: IO[str] | None, lines: list[str]) -> None:
    assert stream is not None, "a pipe, see above"
    lines.extend(stream)
