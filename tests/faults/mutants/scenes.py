"""Scenes: what happens to the workers of one shard. Without a mutant no law breaks in any."""

import re

from confluent_kafka import Consumer, TopicPartition

from connectors.kafka.shard_consumer import GROUP
from connectors.kafka.topics import ACTIONS, channel_topic
from connectors.published.record_types import read_action, read_offers
from state.store.keys import offers_key, shard_keys
from tests.faults.conftest import CHANNELS
from tests.faults.laws.out_log import ONE_CONTENT, OutLog
from tests.faults.laws.verdict import Verdict
from tests.faults.mutants.scene import EVENTS, Act, Scene, Worker, entered
from tests.faults.world import held

LEAVES = "who was replaced leaves the shard alone"
NAMES_INPUT = "input that is not what was planned is named and refused"
NAMES_HALF = "a commit of which a part was carried out is named and refused"
AS_DECIDED = "what is served was decided so, and published"
NAMES_WIPED = "a Redis that was wiped is named and refused"

SCENES: dict[str, Act] = {}


def _sleeper_wakes(of: Scene, sleeper: Worker) -> None:
    sleeper.wake()
    of.refuses(sleeper, LEAVES, "was taken by")


# Two owners


@entered(SCENES)
def an_owner_sleeps_before_its_commit_while_another_takes_over(of: Scene) -> None:
    of.fill()
    sleeper = of.start(halt=("3 acknowledged", 3)).asleep()
    of.finishes(of.other())
    _sleeper_wakes(of, sleeper)
    of.judge()


@entered(SCENES)
def an_owner_sleeps_before_it_produces_while_another_takes_over(of: Scene) -> None:
    of.fill()
    sleeper = of.start(halt=("1 plan fixed", 3)).asleep()
    of.finishes(of.other())
    _sleeper_wakes(of, sleeper)
    of.judge()


@entered(SCENES)
def an_owner_sleeps_and_its_connection_is_cut_while_another_takes_over(of: Scene) -> None:
    of.fill()
    sleeper = of.start(halt=("3 acknowledged", 3)).asleep()
    of.finishes(of.other())
    of.redis.client_kill_filter(_type="normal", skipme=True)
    _sleeper_wakes(of, sleeper)
    of.judge()


@entered(SCENES)
def another_takes_over_between_an_exec_and_the_watch_behind_it(of: Scene) -> None:
    of.fill()
    sleeper = of.start(circumstances=("whole backlog", "asleep between EXEC and WATCH")).asleep()
    of.finishes(of.other())
    _sleeper_wakes(of, sleeper)
    of.judge()


@entered(SCENES)
def two_take_the_shard_at_once(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("4 committed", 2)))
    sleeper = of.other(circumstances=("whole backlog", "asleep between WATCH and EXEC")).asleep()
    of.dies(of.start(kill=("4 committed", 4)))
    # Who has written nothing yet was not replaced: it finds the other's fence, and goes on.
    sleeper.wake()
    of.finishes(sleeper)
    of.judge()


# Kills


@entered(SCENES)
def a_kill_between_producing_and_committing(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("3 acknowledged", 3)))
    of.finishes(of.other())
    of.judge()


@entered(SCENES)
def a_kill_between_committing_and_publishing(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("4 committed", 1)))
    of.finishes(of.other())
    of.judge()


@entered(SCENES)
def a_kill_after_a_commit_while_the_producer_takes_its_time(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("4 committed", 1), settings=SLOW_PRODUCER))
    of.finishes(of.other())
    of.judge()


SLOW_PRODUCER = {"TOUCHLINE_KAFKA_LINGER_MS": "60000"}
"""It sends what it is handed when it is told to, or a minute later."""


@entered(SCENES)
def a_kill_at_the_last_trim_while_the_producer_takes_its_time(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("5 trimmed", 1), settings=SLOW_PRODUCER))
    of.finishes(of.other())
    of.judge()


@entered(SCENES)
def a_kill_while_publishing_and_another_playbook_after_it(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("5 half published", 1)))
    changed = of.folder / "changed.yaml"
    # Each offer is worth a hundred more, and so has another score.
    changed.write_text(re.sub(r"(\n    value: )", r"\g<1>1", of.world.playbook.read_text()))
    of.finishes(of.other(settings={"TOUCHLINE_PLAYBOOK": str(changed)}))
    # Two playbooks have had a say in the rows; recorded decisions stay as they were recorded.
    actions = OutLog("actions", 0, of.verdict)
    scores = {}
    for logged in of.world.log(ACTIONS):
        action = read_action(logged.value)
        actions.takes(logged.value, action.applied, action.id)
        scores[action.id] = action.body.get("score")
    served = [
        offer
        for key in of.redis.scan_iter(offers_key("*"))
        for offer in read_offers(held(of.redis, key)).offers
    ]
    assert served, of.world.counters()
    for offer in served:
        same = scores.get(offer.decision_id) == offer.score
        of.verdict.expect(same, AS_DECIDED, f"{offer.offer_id}, decision {offer.decision_id}")


@entered(SCENES)
def a_kill_and_topics_that_arrive_in_another_order(of: Scene) -> None:
    of.fill()
    at_once = {"TOUCHLINE_FLUSH_EVENTS": str(EVENTS)}
    of.dies(of.start(kill=("3 acknowledged", 1), settings=at_once))
    of.finishes(of.other(circumstances=("whole backlog, other topics first",)))
    of.judge()


@entered(SCENES)
def a_kill_and_input_that_is_not_what_it_was(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("3 acknowledged", 3)))
    changed = of.other(circumstances=("whole backlog, other bytes",))
    of.refuses(changed, NAMES_INPUT, "records that it was begun with, got")


@entered(SCENES)
def a_kill_and_a_clock_that_is_behind(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("4 committed", 3)))
    of.finishes(of.other(circumstances=("whole backlog", "clock behind")))
    of.judge()


@entered(SCENES)
def a_restart_and_events_that_a_producer_sends_again(of: Scene) -> None:
    start_ms = of.fill(EVENTS // 2)
    of.finishes(of.start())
    of.fill(EVENTS // 2, start_ms)
    of.finishes(of.other())
    of.judge()


# Redis


@entered(SCENES)
def a_redis_from_the_past(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("4 committed", 2)))
    past = of.remembered()
    of.dies(of.start(kill=("4 committed", 4)))
    of.back_to(past)
    of.finishes(of.other())
    of.judge()


@entered(SCENES)
def a_redis_from_the_past_and_a_kill_while_its_plans_are_done_again(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("4 committed", 2)))
    past = of.remembered()
    of.dies(of.start(kill=("4 committed", 5)))
    of.back_to(past)
    of.dies(of.other(kill=("4 committed", 2)))
    of.finishes(of.other())
    of.judge()


@entered(SCENES)
def a_redis_from_the_past_under_an_owner_at_work(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("4 committed", 2)))
    past = of.remembered()
    owner = of.other(halt=("3 acknowledged", 4)).asleep()
    of.back_to(past)
    owner.wake()
    of.finishes(owner)
    of.judge()


@entered(SCENES)
def a_redis_from_the_past_and_an_old_owner_asleep(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("4 committed", 1)))
    past = of.remembered()
    of.dies(of.start(kill=("4 committed", 1)))
    sleeper = of.start(halt=("3 acknowledged", 3)).asleep()
    of.back_to(past)
    of.finishes(of.other())
    _sleeper_wakes(of, sleeper)
    of.judge()


@entered(SCENES)
def a_redis_from_the_past_twice_and_two_plans_with_one_number(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("4 committed", 2)))
    past = of.remembered()
    sleeper = of.start(halt=("1 plan fixed", 2)).asleep()
    of.back_to(past)
    of.finishes(of.other())
    _sleeper_wakes(of, sleeper)
    of.back_to(past)
    of.finishes(of.other())
    # One flush was decided twice: here the promise ends. What readers took stays what is true.
    ends = Verdict()
    of.verdict, found = ends, of.verdict
    of.judge()
    of.verdict = found
    for law in ends.broken.keys() - {ONE_CONTENT, "a plan that is written again is the same"}:
        of.verdict.broken[law] = ends.broken[law]


@entered(SCENES)
def a_connection_to_redis_that_is_cut_before_a_commit(of: Scene) -> None:
    of.fill()
    owner = of.start(halt=("3 acknowledged", 3)).asleep()
    of.redis.client_kill_filter(_type="normal", skipme=True)
    owner.wake()
    of.finishes(owner)
    of.judge()


@entered(SCENES)
def an_outbox_that_is_no_list(of: Scene) -> None:
    of.fill()
    owner = of.start(halt=("3 acknowledged", 3)).asleep()
    of.redis.set(shard_keys(0).outbox, b"somebody's")
    owner.wake()
    of.refuses(owner, NAMES_HALF, "Redis carried out a part of a commit only")


@entered(SCENES)
def a_redis_that_was_wiped(of: Scene) -> None:
    of.fill()
    of.dies(of.start(kill=("4 committed", 3)))
    of.redis.flushall()
    of.refuses(of.other(), NAMES_WIPED, "Redis holds no fence, and Kafka shows")


# Kafka


@entered(SCENES)
def somebody_moves_the_group_s_offsets(of: Scene) -> None:
    of.fill()
    of.finishes(of.start())
    of.fill(seed=8)
    topics = [channel_topic(name) for name in CHANNELS]
    tool = Consumer({**of.kafka, "group.id": GROUP, "enable.auto.commit": False})
    ends = [TopicPartition(topic, 0, len(of.world.log(topic)) - 1) for topic in topics]
    tool.commit(offsets=ends, asynchronous=False)
    tool.close()
    of.finishes(of.other())
    of.judge()
