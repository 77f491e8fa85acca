"""The whole proof: a live flow, Prometheus, every question, and what came of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from dashboards.board_file import BoardFile, read_boards
from dashboards.places import BOARDS, PROVISIONING, RULES, shown
from dashboards.prove.asking import Failure, ask, unhealthy
from dashboards.prove.live import Live, live_flow
from dashboards.prove.prometheus import SCRAPE_S, Api, Refused, program, prometheus
from dashboards.prove.questions import (
    Question,
    queries,
    rate_interval,
    rules,
    several,
    variables,
)
from dashboards.rule_file import Rule, read_provisioning, read_rules
from flows.local.session import Interrupts

ANSWERS_S: Final = 45.0
"""So long everything is asked again that has no answer yet, from the first scrape on."""

Say = Callable[[str], None]


class Proof(Struct, frozen=True):
    """What was asked, and what had no answer."""

    dashboards: int
    panels: int
    queries: int
    """Of panels; each asked with all values of the variables, and with every value chosen."""
    variables: int
    rules: int
    firing: list[str]
    """Alerts that fired meanwhile; no failure."""
    failures: list[Failure]
    seconds: float

    def closing(self) -> str:
        """The last line."""
        asked = (
            f"{self.dashboards} dashboards, {self.panels} panels, {self.queries} queries,"
            f" {self.rules} rules"
        )
        result = f"{len(self.failures)} not answered" if self.failures else "all answered"
        return f"{asked}: {result} on a live flow ({self.seconds:.0f} s)"


class Asked(Struct, frozen=True):
    """The files that are asked about."""

    boards: Sequence[BoardFile]
    rules: Sequence[Rule]


def read_all(boards: Path = BOARDS) -> Asked:
    """Everything there is. Raises InvalidFile."""
    read_provisioning(PROVISIONING)
    return Asked(read_boards(boards), read_rules(RULES))


def prove(folder: Path, asked: Asked, interrupts: Interrupts, say: Say) -> Proof:
    """Ask all of `asked` of a live flow; scratch files in `folder`.

    Raises what `live_flow` and `prometheus` raise, KeyboardInterrupt when asked to stop among it.
    """
    began_s = time.monotonic()
    program()  # before anything is started in vain
    say("starting Kafka, Redis, both flows and simulated customers")
    with live_flow(folder / "touchline", interrupts) as live:
        proof = prove_on(live, folder, asked, say)
    return msgspec.structs.replace(proof, seconds=round(time.monotonic() - began_s, 1))


def prove_on(
    live: Live, folder: Path, asked: Asked, say: Say, within_s: float = ANSWERS_S
) -> Proof:
    """`prove` on flows that run already; every question has `within_s` seconds for an answer."""
    began_s = time.monotonic()
    say(f"starting Prometheus, which scrapes {' and '.join(live.urls.values())}")
    scratch = folder / "prometheus"
    scratch.mkdir()
    with prometheus(scratch, live.urls, live.look) as api:
        until_s = time.monotonic() + within_s
        choices = list(variables(asked.boards))
        chosen = _chosen(api, choices)
        questions = [*choices, *rules(asked.rules), *_queries(asked.boards, chosen)]

        def told(answers: int) -> None:
            say(f"{answers} of {len(questions)} questions answered")

        failures = ask(api, questions, until_s, told, live.look)
        failures += unhealthy(api, shown(RULES))
        firing = [rule["name"] for rule in api.rules() if rule.get("state") == "firing"]
    return Proof(
        dashboards=len(asked.boards),
        panels=sum(len(board.panels) for board in asked.boards),
        queries=sum(len(panel.targets) for board in asked.boards for panel in board.panels),
        variables=len(choices),
        rules=len(asked.rules),
        firing=firing,
        failures=_one_a_place(failures),
        seconds=round(time.monotonic() - began_s, 1),
    )


def _chosen(api: Api, choices: Sequence[Question]) -> dict[str, str]:
    """Variable → what it stands for when a reader has chosen every value one by one."""
    found = {}
    for question in choices:
        name = question.place.rpartition(" ")[2]
        try:
            values = api.label_values(question.label, question.expression)
        except Refused:  # told when it is asked
            values = []
        found[name] = several(values or [".*"])
    return found


def _queries(boards: Sequence[BoardFile], chosen: Mapping[str, str]) -> list[Question]:
    """Every query twice: with all values, and with every value chosen."""
    every = {
        variable.name: variable.all_value
        for board in boards
        for variable in board.head.templating.variables
    }
    interval = rate_interval(SCRAPE_S, SCRAPE_S)
    return [
        *queries(boards, every, interval),
        *queries(boards, chosen, interval),
    ]


def _one_a_place(failures: Sequence[Failure]) -> list[Failure]:
    """A query fails with all values as with every value chosen, most of the time."""
    return list({failure.place: failure for failure in reversed(failures)}.values())[::-1]
