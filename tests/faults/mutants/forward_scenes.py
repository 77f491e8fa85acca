"""Scenes of two shards, whose events lie in each other's partitions and are sent on."""

from collections.abc import Sequence

from confluent_kafka import KafkaException

from connectors.kafka.edges import Edge, read_edges
from connectors.kafka.topics import ENRICHED, FORWARD, channel_topic
from connectors.published.record_types import read_enriched
from flows.recovery.accepting import accept
from flows.settings import read_settings
from state.store.fences import read_fences
from state.store.keys import shard_keys
from tests.faults.conftest import CHANNELS
from tests.faults.mutants.scene import Act, Scene, Worker, entered
from tests.faults.watching import until
from tests.faults.world import accepted_ids

COUNTS_AGAIN = "what lies at offsets that a topic has lost counts where it belongs"
SHARDS = 2
NEVER = 10**9
ELSEWHERE = "another key"
CUT = channel_topic("click")
FORWARD_SCENES: dict[str, Act] = {}
"""By name, as `SCENES`."""


@entered(FORWARD_SCENES)
def who_sends_on_is_killed_and_who_receives_is_restarted(of: Scene) -> None:
    of.fill(sender=ELSEWHERE)
    receiver = of.start(worker=(2, 2), until=NEVER)
    of.dies(of.start(worker=(1, 2), kill=("5 half forwarded", 3)))
    # So what comes again, from the outbox, was committed by a life that is over.
    _works_until_all_is_done(of, receiver, [1])
    _works_until_all_is_done(of, of.other(until=NEVER), range(SHARDS))
    of.judge()


@entered(FORWARD_SCENES)
def a_topic_that_loses_its_end_is_accepted_and_sent_on_from_again(of: Scene) -> None:
    of.fill(sender=ELSEWHERE)
    logs = [of.broker.folder / f"data/{CUT}-{shard}/{0:020}.log" for shard in range(SHARDS)]
    kept = [log.stat().st_size for log in logs]
    of.fill(seed=8, sender=ELSEWHERE)
    _works_until_all_is_done(of, of.start(until=NEVER), range(SHARDS))
    # As after an unclean leader election: what was acknowledged, read and sent on is there no more.
    of.broker.kill()
    for log, size in zip(logs, kept, strict=True):
        with log.open("r+b") as file:
            file.truncate(size)
    of.broker.start()
    until(lambda: _leads(of), "the broker knows again that it leads")
    changed = accept(read_settings(of.world.environment), CUT)
    assert {change.shard for change in changed} == {*range(SHARDS)}, changed
    of.fill(seed=9, sender=ELSEWHERE)
    _works_until_all_is_done(of, of.other(until=NEVER), range(SHARDS))
    rows = {read_enriched(row.value).id for row in of.world.log(ENRICHED) if row.key is not None}
    for event_id in sorted(accepted_ids(of.world) - rows):
        of.verdict.broke(COUNTS_AGAIN, f"{event_id} is in no row")


def _works_until_all_is_done(of: Scene, worker: Worker, shards: Sequence[int]) -> None:
    """Wait until the shards have read all their input, what is sent on too, and stop the worker."""
    worker.until(lambda: _all_done(of, shards), f"shards {[*shards]} have done all")
    worker.stop()
    of.finishes(worker)


def _leads(of: Scene) -> bool:
    """Whether it answers for every partition."""
    try:
        _ends(of, range(SHARDS))
    except KafkaException:
        return False
    return True


def _ends(of: Scene, shards: Sequence[int]) -> dict[tuple[str, int], Edge]:
    topics = [*map(channel_topic, CHANNELS), ENRICHED, FORWARD]
    return read_edges(of.kafka, [(topic, shard) for topic in topics for shard in shards])


def _all_done(of: Scene, shards: Sequence[int]) -> bool:
    if any(of.redis.llen(shard_keys(shard).outbox) for shard in shards):
        return False  # what is to be sent on is not there yet
    fences = read_fences(of.redis, shards)
    ends = _ends(of, shards)
    return fences.keys() == {*shards} and all(
        fences[shard].positions[topic].next_offset == edge.high
        for (topic, shard), edge in ends.items()
        if topic != ENRICHED
    )
