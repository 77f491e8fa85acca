"""Of a hard budget no unit is accepted twice and none is left over, whoever is killed meanwhile;
once a budget is spent, its offers are gone from every serving key."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import redis

from connectors.published.record_types import ActionRecord
from flows.processor.world import decode_ledger, decode_purse
from state.store.keys import offers_key
from state.store.world import read_budgets
from tests.faults.conftest import on_all_servers, two_processes
from tests.faults.laws.judge import judge
from tests.faults.stage.crew import Crew
from tests.faults.test_stock import actions, come
from tests.faults.watching import until
from tests.faults.world import ROOT, World

SHOPPERS = [f"shopper-{n}" for n in range(60)]
UNITS = 30


@pytest.fixture
def shop(world: World) -> World:
    """A world in which few may be sold."""
    return msgspec.structs.replace(world, playbook=ROOT / "tests/faults/budget.yaml")


@pytest.fixture
def crew(shop: World, tmp_path: Path) -> Iterator[Crew]:
    """Two processes; the first one owns shard 0."""
    with two_processes(shop, tmp_path) as crew:
        yield crew


def served(world: World) -> Counter[str]:
    """Offer → how many serving keys show it."""
    client = redis.Redis.from_url(world.redis_url)
    keys = client.mget([offers_key(name) for name in SHOPPERS])
    found = [json.loads(key) for key in keys if key is not None]
    return Counter(offer["offer_id"] for document in found for offer in document["offers"])


def spent(world: World, budget: str) -> int:
    """How many are accepted by what shards have."""
    _, purses = read_budgets(redis.Redis.from_url(world.redis_url), world.partitions)
    return sum(decode_purse(one[budget]).accepted for one in purses if budget in one)


def handed_out(world: World) -> bool:
    """Whether tents are given to all shards."""
    ledger, _ = read_budgets(redis.Redis.from_url(world.redis_url), world.partitions)
    blob = ledger.get("tents")
    return blob is not None and all(one.granted for one in decode_ledger(blob).accounts)


def decided(world: World, offer: str) -> dict[str, str]:
    """Customer → the first decision for it."""
    found: dict[str, str] = {}
    for one in actions(world, "offer.decided"):
        if one.body["offer_id"] == offer:
            found.setdefault(one.customer_id, one.body["decision_id"])
    return found


def accepts(world: World, attempt: int, offer: str, decisions: dict[str, str]) -> int:
    """Each of them accepts at once."""
    return come(
        world,
        *[
            {
                "messageId": f"{offer}-{attempt}-{customer}",
                "userId": customer,
                "event": "Offer Accepted",
                "properties": {"decision_id": decision},
            }
            for customer, decision in decisions.items()
        ],
    )


def answered(world: World, offer: str) -> list[ActionRecord]:
    return [one for one in actions(world, "offer.answered") if one.body["offer_id"] == offer]


def serve_all(world: World) -> None:
    looks = [
        {"messageId": f"look-{name}", "userId": name, "event": "Page Viewed"} for name in SHOPPERS
    ]
    come(world, *looks)
    all_served = {"set": len(SHOPPERS), "lamp": len(SHOPPERS)}
    until(lambda: served(world) == all_served, "all are served")


def buy_out(world: World, crew: Crew, kills: bool) -> tuple[int, float]:
    """Everybody wants a tent until all are sold; how many attempts, and how long after the last
    sale until no key showed one."""
    until(lambda: handed_out(world), "tents are handed out")
    serve_all(world)
    wanted, attempts, asked = decided(world, "set"), 0, 0
    ends = time.monotonic() + 90
    while spent(world, "tents") < UNITS:
        assert time.monotonic() < ends, "tents are left over"
        asked += accepts(world, attempts, "set", wanted)
        attempts += 1
        if kills and attempts <= 2:
            crew.kill(crew.workers[attempts - 1])

        def is_answered(asked: int = asked) -> bool:
            crew.tend()
            return len(answered(world, "set")) >= asked

        until(is_answered, "each is answered")
        sold = {one.customer_id for one in answered(world, "set") if _sold(one)}
        wanted = {name: decision for name, decision in wanted.items() if name not in sold}
    began_s = time.perf_counter()
    until(lambda: not served(world)["set"], "the set is withdrawn")
    return attempts, time.perf_counter() - began_s


def hold(crew: Crew, shop: World) -> None:
    """All laws, once both have stopped."""
    crew.stop()
    assert judge(shop.place).told() == []


def _sold(one: ActionRecord) -> bool:
    return bool(one.body["answer"] == "accepted")


@on_all_servers
@pytest.mark.parametrize("kills", [False, True], ids=["calm", "with kills"])
def test_as_many_are_sold_as_there_are_and_all_others_are_told(
    world: World, shop: World, crew: Crew, kills: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    attempts, took_s = buy_out(shop, crew, kills)
    said = answered(shop, "set")
    by_answer = Counter(one.body["answer"] for one in said)
    assert by_answer["accepted"] == UNITS == spent(shop, "tents")
    assert set(by_answer) == {"accepted", "exhausted"}
    assert len({one.customer_id for one in said if _sold(one)}) == UNITS
    hold(crew, shop)
    with capsys.disabled():
        told = f"{by_answer['exhausted']} refused in {attempts} attempts, gone after {took_s:.2f} s"
        sys.stdout.write(f"\n{UNITS} sold to {len(SHOPPERS)}, {told}\n")


@on_all_servers
def test_of_a_soft_budget_what_is_accepted_before_all_know_counts_above_it(
    world: World, shop: World, crew: Crew, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_all(shop)
    wanted = list(decided(shop, "lamp").items())
    accepts(shop, 0, "lamp", dict(wanted[:UNITS]))
    until(lambda: spent(shop, "lamps") == UNITS, "all lamps are sold")
    began_s = time.perf_counter()
    until(lambda: not served(shop)["lamp"], "the lamp is withdrawn")
    took_s = time.perf_counter() - began_s
    until(lambda: served(shop)["club"] == len(SHOPPERS), "something else comes in its place")
    accepts(shop, 1, "lamp", dict(wanted[UNITS : UNITS + 5]))
    until(lambda: len(answered(shop, "lamp")) == UNITS + 5, "who was late is heard")
    assert spent(shop, "lamps") == UNITS + 5
    assert {one.body["answer"] for one in answered(shop, "lamp")} == {"accepted"}
    hold(crew, shop)
    with capsys.disabled():
        sys.stdout.write(f"\nno key shows it {took_s:.2f} s after the last one was sold\n")
