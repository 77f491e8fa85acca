"""What rules cost: asked by themselves, and in the flow with few of them against many."""

import tempfile
from pathlib import Path

from benchmarks.backlog import fill, simulated
from benchmarks.progress import Progress
from benchmarks.results import Program, Rounds, Rules, Run
from benchmarks.rig import services
from benchmarks.rounds import FLOW, PROGRAMS, ratios
from benchmarks.rules.asking import measure_asking
from benchmarks.rules.playbooks import NAMES, with_alerts

FEW, MANY = 20, 1_000


def measure_rules(asked_events: int, flow_events: int, rounds: int, tell: Progress) -> Rules:
    """Fold and decide of `asked_events`, then the flow over `flow_events`, `rounds` times each."""
    asked = measure_asking(asked_events, rounds, tell)
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as folder:
        flow = _in_turn(flow_events, rounds, Path(folder), tell)
    return Rules(asked=asked, few=FEW, many=MANY, names=NAMES, flow=flow)


def _in_turn(events: int, rounds: int, folder: Path, tell: Progress) -> Rounds:
    """The flow with MANY alerts and with FEW, each once a round, on fresh servers; who begins
    changes from round to round."""
    files = {f"{count:,} alerts": folder / f"alerts-{count}.yaml" for count in (MANY, FEW)}
    for count, path in zip((MANY, FEW), files.values(), strict=True):
        path.write_text(with_alerts(count))
    records = list(simulated(events))
    runs: dict[str, list[Run]] = {name: [] for name in files}
    for number in range(rounds):
        for name in list(files)[:: 1 if number % 2 == 0 else -1]:
            what = f"rules: round {number + 1} of {rounds}, {name}"
            with services(TOUCHLINE_PLAYBOOK=str(files[name])) as rig:
                fill(rig, records, tell, what)
                runs[name].append(PROGRAMS[FLOW](rig, events, tell, what))
    programs = [Program(name, found) for name, found in runs.items()]
    return Rounds(events, programs, ratios(programs))
