"""Ours and the peers' policies in the same worlds, and what ours take by themselves."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.decisions.choices import measure_choices
from benchmarks.decisions.costs import measure_costs
from benchmarks.decisions.game import Played, play
from benchmarks.decisions.ours import KNOWING, OURS, REFERENCES, Maker
from benchmarks.decisions.peer_process import peers_at, peers_python
from benchmarks.decisions.world import CONTEXT, WORLDS, world
from benchmarks.progress import Progress
from benchmarks.results import Decisions, Learned, Learner, Spent

ARMS, BATCH = 20, 100
"""Offers to choose from, and after how many decisions it is told what they led to."""
TIMED_ARMS, TIMED_ROUNDS, TIMES = (20, 200), 200, 3
"""Of games for the sake of their processor time alone."""

Game = tuple[str, int, int]
"""Scenario, seed and arms."""


def measure_decisions(
    rounds: int, seeds: int, tell: Progress, worlds: Sequence[str] = WORLDS
) -> Decisions:
    """Every policy, ours and theirs, once in each of these scenarios with each seed.

    Raises RuntimeError when the peers cannot be had, or have had other worlds than ours.
    """
    tell.say("decisions: MABWiser and river are looked for, or installed")
    python = peers_python()
    games = [(scenario, seed, ARMS) for seed in range(1, seeds + 1) for scenario in worlds]
    asked = {"games": games, "rounds": rounds, "batch": BATCH}
    with peers_at(python, asked) as peers:
        digests: dict[Game, str] = {}
        played: dict[tuple[str, str], list[Played]] = {}
        for game in games:
            scenario, seed, arms = game
            tell.say(f"decisions: {scenario}, seed {seed} of {seeds}")
            made = world(scenario, seed, rounds, arms)
            digests[game] = made.digest
            for name, maker in (REFERENCES | _ours(scenario)).items():
                found = play(made, maker(made, seed), BATCH)
                played.setdefault((scenario, name), []).append(found)
        tell.say("decisions: waiting for MABWiser and river")
        for said in peers.all():
            scenario, seed, arms = said.pop("game")
            if said.pop("world") != digests[scenario, seed, arms]:
                raise RuntimeError(f"the peers' world of {scenario}, {seed} is another than ours")
            played.setdefault((scenario, said.pop("name")), []).append(Played(**said))
    learned = [
        _learned(
            scenario, rounds, {name: each for (of, name), each in played.items() if of == scenario}
        )
        for scenario in worlds
    ]
    tell.say("decisions: processor time")
    return Decisions(learned, _spent(python), measure_costs(), measure_choices())


def _ours(scenario: str) -> dict[str, Maker]:
    return OURS | KNOWING if scenario == CONTEXT else OURS


def _spent(python: Path) -> list[Spent]:
    """Ours and then theirs: in the games above the two run side by side, and caches are shared."""
    games = [
        (scenario, seed, arms)
        for arms in TIMED_ARMS
        for seed in range(TIMES)
        for scenario in ("still", CONTEXT)
    ]
    took: dict[int, dict[str, list[float]]] = {arms: {} for arms in TIMED_ARMS}
    for scenario, seed, arms in games:
        made = world(scenario, seed, TIMED_ROUNDS, arms)
        for name, maker in (KNOWING if scenario == CONTEXT else OURS).items():
            took[arms].setdefault(name, []).append(play(made, maker(made, seed), BATCH).us)
    with peers_at(python, {"games": games, "rounds": TIMED_ROUNDS, "batch": BATCH}) as peers:
        for said in peers.all():
            took[said["game"][-1]].setdefault(said["name"], []).append(said["us"])
    return [
        Spent(arms, {name: round(median(each), 1) for name, each in by_name.items()})
        for arms, by_name in took.items()
    ]


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
