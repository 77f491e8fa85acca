"""A worker's process that is forked instead of started, where starts are not what is looked at."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from flows.local.process import Process
from tests.faults.programs import Child

Launch = Callable[[str, Sequence[str], Path, Mapping[str, str]], Process]
"""(name, what follows `python`, log, environment) → a running process."""


class Forked(Process):
    """A `Process` for the tests: what `python WORDS...` is, without the second of a core that its
    start takes (see `programs`)."""

    def __init__(
        self, name: str, words: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
        self.name, self.log, self.out = name, log, log
        self._grace_s = None
        # It has all that a `Process` asks of a Popen.
        self._popen = cast(Any, Child(words, environment, log=log))
