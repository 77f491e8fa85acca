"""Asks until everything has answered, or until it is late."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from dashboards.prove.prometheus import Api, Look, Refused
from dashboards.prove.questions import Question

AGAIN_S: Final = 1.0


class Failure(Struct, frozen=True):
    """A question without an answer."""

    place: str
    expression: str
    came: str
    """What came instead of an answer."""
    mend: str

    def line(self) -> str:
        """For people."""
        asked = " ".join(self.expression.split())
        return f"{self.place}: expected an answer, got {self.came}; mend {self.mend}: {asked}"


def answered(api: Api, question: Question) -> str:
    """ "" when the question has an answer, else what came. Raises Refused for a wrong question."""
    if question.label:
        values = api.label_values(question.label, question.expression)
        return "" if values else f"no value of the label {question.label}"
    samples = api.query(question.expression)
    if question.may_be_empty:
        return ""
    if not samples:
        return "nothing"
    numbers = [float(s["value"][1] if isinstance(s, dict) else s[1]) for s in samples]
    return "no number (NaN) alone" if all(map(math.isnan, numbers)) else ""


def ask(
    api: Api,
    questions: Sequence[Question],
    until_s: float,
    told: Callable[[int], None],
    look: Look,
) -> list[Failure]:
    """Ask each until it has answered once, but at most until `until_s` (monotonic seconds); what
    is wrong is not asked again. `told` gets the number of answers when it has changed.

    Raises what `look` raises, which is called before each question.
    """
    failures: dict[Question, Failure] = {}
    open_ones = list(questions)
    while open_ones:
        waiting = []
        for question in open_ones:
            look()
            try:
                came = answered(api, question)
                again = True
            except Refused as refused:
                came, again = f"the error {str(refused)!r}", False
            if came:
                failures[question] = Failure(
                    question.place, question.expression, came, question.mend
                )
                waiting += [question] * again
            else:
                failures.pop(question, None)
        if len(waiting) < len(open_ones):
            told(len(questions) - len(failures))
        open_ones = waiting
        if time.monotonic() + AGAIN_S > until_s:
            break
        if open_ones:
            time.sleep(AGAIN_S)
    return list(failures.values())


def unhealthy(api: Api, mend: str) -> list[Failure]:
    """The rules that Prometheus itself has failed to evaluate."""
    return [
        Failure(f"rule {rule['name']}", rule["query"], f"the error {rule['lastError']!r}", mend)
        for rule in api.rules()
        if rule["health"] != "ok"
    ]
