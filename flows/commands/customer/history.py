"""What the warehouse knows of one customer: their last touchpoints and alerts, and what others
were asked for.

The warehouse is asked by a child process (`history_child`), so that one that hangs, in whatever
library, delays a page by so much and no more.
"""

import subprocess
import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Any

import msgspec
from msgspec import Struct, field

PATIENCE_S = 20.0
"""From the start of the child."""


class Touch(Struct):
    """One event of theirs."""

    at: int
    """Milliseconds since the epoch, by the producer's clock."""
    channel: str
    event: str
    id: str
    properties: dict[str, Any] = field(default_factory=dict)


class RaisedAlert(Struct):
    """One alert, as it was published."""

    at: int
    alert: str
    severity: str = ""
    message: str = ""
    key: str | None = None


class AskedAction(Struct):
    """Something others were asked for, as it was published."""

    at: int
    kind: str
    body: dict[str, Any]


class Question(Struct):
    """What the child is asked, on its stdin: no process list shows it."""

    url: str
    customer_id: str
    touchpoints: int
    alerts: int
    """So many actions, too."""


class Answer(Struct, omit_defaults=True):
    """A line of the child's; what it does not speak of is None."""

    as_of: int | None = None
    """When the newest row that the warehouse holds, of whomever, was received."""
    touchpoints: list[Touch] | None = None
    """The newest first."""
    alerts: list[RaisedAlert] | None = None
    """The newest first."""
    actions: list[AskedAction] | None = None
    """The newest first."""
    missing: str | None = None
    """Why there is nothing."""


class History(Struct):
    """The answers of one child, put together."""

    url: str
    as_of: int | None = None
    touchpoints: list[Touch] | None = None
    alerts: list[RaisedAlert] | None = None
    actions: list[AskedAction] | None = None
    missing: str | None = None

    def add(self, answer: Answer) -> None:
        """What a line of the child's says."""
        for name in answer.__struct_fields__:
            value = getattr(answer, name)
            if value is not None:
                setattr(self, name, value)


CHILD = (sys.executable, "-m", "flows.commands.customer.history_child")
NOT_ASKED = "not asked (--touchpoints 0)"

encode = msgspec.json.Encoder().encode
_answer = msgspec.json.Decoder(Answer).decode
read_question = msgspec.json.Decoder(Question).decode


class Asking:
    """A question on its way: it is asked when this is made, and answered by `answer`."""

    def __init__(self, question: Question, patience_s: float = PATIENCE_S) -> None:
        self._question = question
        self._patience_s = patience_s
        self._until_s = time.monotonic() + patience_s
        self._child = subprocess.Popen(
            CHILD,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._child.stdin is not None
        with suppress(OSError):  # it has died already, which `answer` tells
            self._child.stdin.write(encode(question))
            self._child.stdin.close()
        self._child.stdin = None

    def answer(self) -> History:
        """What came in time. Raises nothing: what is missing is said in `missing`."""
        late = False
        try:
            out, err = self._child.communicate(timeout=max(self._until_s - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            self._child.kill()
            out, err = self._child.communicate()
            late = True
        history = History(self._question.url)
        for line in out.splitlines(keepends=True):
            if line.endswith(b"\n"):
                history.add(_answer(line))
        if history.missing is None and (history.touchpoints is None or history.alerts is None):
            history.missing = self._why(late, err)
        return history

    def __enter__(self) -> "Asking":
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Nobody waits for the answer any more."""
        self._child.kill()
        self._child.communicate()

    def _why(self, late: bool, err: bytes) -> str:
        if late:
            return f"{self._question.url}: no answer within {self._patience_s:g} s; ask again later"
        last = err.decode(errors="replace").strip().rpartition("\n")[2]
        return f"{self._question.url}: asking it failed ({last or 'no reason given'})"
