"""The network between the workers and both servers: slow, cut, and deaf on one ear."""

from tests.faults.breaks.fault import Fault, Stage
from tests.faults.stage.arena import Arena
from tests.faults.stage.proxy import NONE, Proxy, Trouble


def network(arena: Arena) -> None:
    """One trouble after the other, on one of the two connections or on both."""
    proxies = {"Redis": arena.redis_proxy, "Kafka": arena.kafka_proxy}
    while arena.going_on():
        arena.wait(arena.rng.uniform(0.2, 1))
        names = arena.rng.choice([["Redis"], ["Kafka"], ["Redis", "Kafka"]])
        kind = arena.rng.choice(list(TROUBLES))
        trouble = _trouble(arena, kind)
        for name in names:
            _under(proxies[name]).trouble = trouble
        arena.wait(arena.rng.uniform(0.5, 2))
        for name in names:
            _under(proxies[name]).trouble = NONE
            if kind == "answers swallowed":
                _under(proxies[name]).cut()
        arena.back_at_work(kind)
        arena.count(kind)


TROUBLES = ("answers late", "connections cut", "answers swallowed")


def _trouble(arena: Arena, kind: str) -> Trouble:
    if kind == "answers late":
        return Trouble(delay_s=arena.rng.uniform(0.02, 0.5))
    if kind == "connections cut":
        return Trouble(cut_after=arena.rng.randrange(1, 50_000))
    return Trouble(swallow=True)


def _under(proxy: Proxy | None) -> Proxy:
    assert proxy is not None, "the stage has no proxies"
    return proxy


FAULTS = [
    Fault(
        "network",
        "delays, cuts in the middle of a request, answers that never come",
        network,
        full_s=180,
        quick_s=8,
        stage=Stage(proxied=True),
    )
]
