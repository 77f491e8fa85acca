"""Ours and the peers' policies in the same worlds, and what ours take by themselves."""

from pathlib import Path
from statistics import median

from benchmarks.decisions.costs import measure_costs
from benchmarks.decisions.game import Played, play
from benchmarks.decisions.ours import OURS, REFERENCES
from benchmarks.decisions.peer_process import peers_at, peers_python
from benchmarks.decisions.world import SCENARIOS, world
from benchmarks.progress import Progress
from benchmarks.results import Decisions, Learned, Learner, Spent

ARMS, BATCH = 20, 100
"""Offers to choose from, and after how many decisions it is told what they led to."""
TIMED_ARMS, TIMED_ROUNDS, TIMES = (20, 200), 500, 3
"""Of games for the sake of their processor time alone."""

Game = tuple[str, int]
"""Scenario and seed."""


def measure_decisions(rounds: int, seeds: int, tell: Progress) -> Decisions:
    """Every policy, ours and theirs, once in each scenario with each seed.

    Raises RuntimeError when the peers cannot be had, or have had other worlds than ours.
    """
    tell.say("decisions: MABWiser and river are looked for, or installed")
    python = peers_python()
    games = [(scenario, seed) for seed in range(1, seeds + 1) for scenario in SCENARIOS]
    asked = {"games": games, "rounds": rounds, "arms": ARMS, "batch": BATCH}
    with peers_at(python, asked) as peers:
        digests: dict[Game, str] = {}
        played: dict[tuple[str, str], list[Played]] = {}
        for scenario, seed in games:
            tell.say(f"decisions: {scenario}, seed {seed} of {seeds}")
            made = world(scenario, seed, rounds, ARMS)
            digests[scenario, seed] = made.digest
            for name, maker in (REFERENCES | OURS).items():
                found = play(made, maker(made, seed), BATCH)
                played.setdefault((scenario, name), []).append(found)
        tell.say("decisions: waiting for MABWiser and river")
        for said in peers.all():
            game = said.pop("scenario"), said.pop("seed")
            if said.pop("world") != digests[game]:
                raise RuntimeError(f"the peers' world of {game} is another than ours")
            played.setdefault((game[0], said.pop("name")), []).append(Played(**said))
    learned = [
        _learned(
            scenario, rounds, {name: each for (of, name), each in played.items() if of == scenario}
        )
        for scenario in SCENARIOS
    ]
    tell.say("decisions: processor time")
    return Decisions(learned, [_spent(arms, python) for arms in TIMED_ARMS], measure_costs())


def _spent(arms: int, python: Path) -> Spent:
    """Ours and then theirs: in the games above the two run side by side, and caches are shared."""
    games = [("still", seed) for seed in range(TIMES)]
    took: dict[str, list[float]] = {}
    for scenario, seed in games:
        made = world(scenario, seed, TIMED_ROUNDS, arms)
        for name, maker in OURS.items():
            took.setdefault(name, []).append(play(made, maker(made, seed), BATCH).us)
    asked = {"games": games, "rounds": TIMED_ROUNDS, "arms": arms, "batch": BATCH}
    with peers_at(python, asked) as peers:
        for said in peers.all():
            took.setdefault(said["name"], []).append(said["us"])
    return Spent(arms, {name: round(median(each), 1) for name, each in took.items()})


def _learned(scenario: str, rounds: int, played: dict[str, list[Played]]) -> Learned:
    """Over all seeds: means, and the least and most at each point."""
    learners = []
    for name, games in played.items():
        points = list(zip(*(game.regret for game in games), strict=True))
        learners.append(
            Learner(
                name=name,
                regret=[round(sum(each) / len(each), 2) for each in points],
                least=[min(each) for each in points],
                most=[max(each) for each in points],
                ends=[game.regret[-1] for game in games],
            )
        )
    oracle = next(iter(played.values()))
    earned = sum(game.earned for game in oracle) / len(oracle)
    return Learned(scenario, rounds, ARMS, BATCH, len(oracle), round(earned, 1), learners)
