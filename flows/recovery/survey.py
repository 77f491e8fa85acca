"""What Kafka still holds of shards that have no fence: where each can begin, and what is lost."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import DecodeError, Struct

from connectors.kafka.edges import Edge, first_times, newest_values, read_edges, told_offsets
from connectors.kafka.plan_scan import scan_plans
from connectors.kafka.planned_input import changed
from connectors.kafka.shard_consumer import GROUP
from connectors.kafka.to_end import Part
from connectors.kafka.topics import ENRICHED
from connectors.published.record_types import read_enriched
from flows.processor.acted import newest_actions
from flows.recovery.history import Beginning, History
from state.fence import Plan
from state.store.shard_store import Refused
from state.times import rfc3339

LOOKED_AT = 100
"""The last rows of a partition without plans that are asked for their generation."""


class Removed(Struct, frozen=True):
    """Records that are no longer at the beginning of a partition."""

    topic: str
    partition: int
    below: int
    """All offsets below this one are gone."""
    of: int
    """How many offsets there were ever."""
    since: str | None
    """Time of the first record that is left."""

    def __str__(self) -> str:
        left = f"; what is left begins at {self.since}" if self.since else ""
        return (
            f"{self.topic}[{self.partition}]: offsets 0 to {self.below - 1:,} are gone, "
            f"{self.below:,} of {self.of:,}{left}"
        )


class Found(Struct, frozen=True):
    """One shard as Kafka shows it."""

    shard: int
    beginning: Beginning
    whole: bool
    """Whether its state can be made exactly as it was."""
    why: str
    """If not, why not."""
    flushes: int
    """That are to be done again."""
    events: int
    anew: bool
    """No plan is left: readers see what the topics hold again, in a new generation."""

    def __str__(self) -> str:
        begins = f"it would begin with flush {self.beginning.commit + 1}, {self.flushes:,} are left"
        if self.anew:
            begins = (
                "it would begin anew at the earliest events, and readers see these again in "
                f"generation {self.beginning.generation}"
            )
        elif not self.flushes:
            begins = f"it would go on behind flush {self.beginning.commit} with empty profiles"
        return f"shard {self.shard}: not all can be done again: {self.why}; {begins}"


class Survey(Struct, frozen=True):
    """All that was found."""

    found: list[Found]
    """Those that were worked on, by number."""
    removed: list[Removed]
    """Of shards that are not whole."""


def survey(
    config: Mapping[str, str],
    inputs: Sequence[str],
    shards: Sequence[int],
    stopped: Callable[[], bool],
) -> Survey | None:
    """None when `stopped` says so meanwhile.

    Raises Refused for a plan that reads a topic which is not among `inputs`; NoPlan, Unread and
    KafkaException.
    """
    places = [(topic, shard) for shard in shards for topic in inputs]
    logs = [(ENRICHED, shard) for shard in shards]
    edges = read_edges(config, [*places, *logs])
    histories = {shard: History(_of(edges, shard)) for shard in shards}
    if not _scan(config, edges, histories, inputs, stopped):
        return None
    spoiled = {s: there for s in shards if (there := changed(config, s, histories[s].newest))}
    again = {shard: History(_of(edges, shard), there) for shard, there in spoiled.items()}
    if not _scan(config, edges, again, inputs, stopped):
        return None
    told = told_offsets(config, GROUP, places)
    generations = _generations(config, shards)
    found = []
    for shard, history in (histories | again).items():
        of_group = {topic: told[topic, shard] for topic in inputs if (topic, shard) in told}
        end = edges[ENRICHED, shard].high
        # As the flow asks: a shard that nobody worked on needs no help to begin.
        if end or any(of_group.values()) or shard in generations:
            beginning = history.beginning(of_group, end, generations.get(shard, 0))
            found.append(_found(shard, history, beginning))
    unsure = {one.shard for one in found if not one.whole}
    return Survey(found, _removed(config, {p: e for p, e in edges.items() if p[1] in unsure}))


def _found(shard: int, history: History, beginning: Beginning) -> Found:
    why, anew = history.why, history.last is None
    if anew:
        why = f"{ENRICHED}[{shard}] holds no plan"
    return Found(shard, beginning, history.whole, why, history.flushes, history.events, anew=anew)


def _scan(
    config: Mapping[str, str],
    edges: Mapping[Part, Edge],
    histories: Mapping[int, History],
    inputs: Sequence[str],
    stopped: Callable[[], bool],
) -> bool:
    starts = {shard: edges[ENRICHED, shard].low for shard in histories}
    for shard, offset, plan in scan_plans(config, starts):
        if stopped():
            return False
        _check_topics(shard, plan, inputs)
        histories[shard].add(offset, plan)
    return True


def _check_topics(shard: int, plan: Plan, inputs: Sequence[str]) -> None:
    if unknown := plan.ranges.keys() - {*inputs}:
        raise Refused(
            f"shard {shard}: flush {plan.commit} reads {', '.join(sorted(unknown))}, which "
            "TOUCHLINE_CHANNELS does not name; name all channels that were ever read"
        )


def _of(edges: Mapping[Part, Edge], shard: int) -> dict[str, Edge]:
    return {
        topic: edge
        for (topic, index), edge in edges.items()
        if index == shard and topic != ENRICHED
    }


def _generations(config: Mapping[str, Any], shards: Sequence[int]) -> dict[int, int]:
    """Shard → the highest generation that its last rows and actions are of; none without any."""
    found = {shard: acted.place[0] for shard, acted in newest_actions(config, shards).items()}
    for shard, values in newest_values(config, ENRICHED, shards, LOOKED_AT).items():
        for generation in _rows(values):
            found[shard] = max(found.get(shard, 0), generation)
    return found


def _rows(values: Sequence[bytes]) -> Iterator[int]:
    for value in values:
        try:
            yield read_enriched(value).applied.generation
        except DecodeError:
            continue  # a plan


def _removed(config: Mapping[str, Any], edges: Mapping[Part, Edge]) -> list[Removed]:
    lows = {part: edge.low for part, edge in edges.items() if edge.low}
    times = first_times(config, {p: low for p, low in lows.items() if low < edges[p].high})
    return [
        Removed(
            topic,
            partition,
            low,
            edges[topic, partition].high,
            rfc3339(times[topic, partition]) if (topic, partition) in times else None,
        )
        for (topic, partition), low in lows.items()
    ]
