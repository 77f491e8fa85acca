"""The limit on dead letters: when so many events are refused, the deploy is bad and not the data.

Asked before a flush is planned into the fence and anything of it is produced: the flow stops
there, and a start with a mended build plans those events anew. A flush that finishes plans which
were begun before counts, and never stops: what was begun has to be done again exactly so.
"""

from collections import Counter

from connectors.events.dead_letter import Refusal
from flows.processor.flush import Flush
from flows.processor.letter_window import Counted
from flows.processor.processor import Processor
from state.store.shard_store import Refused


def over_limit(processor: Processor, flush: Flush) -> Refused | None:
    """Why to stop before `flush`, which is decided; None when it may be planned.

    It may while a shard has not done again what was begun: that is finished first.
    """
    if any(part.replay for part in flush.slices) or any(s.todo for s in processor.shards):
        return None
    pending = processor.pending.slices if processor.pending is not None else []
    upcoming = [counted(each) for each in (Flush(pending), flush) if each.slices]
    last = processor.letters.too_many(*upcoming)
    if last is None:
        return None
    return Refused(_sentence(last, processor.settings.dead_letter_percent))


def counted(flush: Flush) -> Counted:
    """What becomes of the events of `flush`."""
    letters: Counter[str] = Counter()
    newest, newest_ms = "", -1
    for part in flush.slices:
        if "reason" not in part.tally:
            continue
        letters.update(part.tally["reason"])
        for event, message in zip(reversed(part.events), reversed(part.messages), strict=True):
            if isinstance(event, Refusal):
                if (at_ms := message.timestamp()[1]) > newest_ms or not newest:
                    place = f"{message.topic()}[{message.partition()}]@{message.offset()}"
                    newest, newest_ms = place, at_ms
                break
    return Counted(flush.events, letters, newest)


def _sentence(last: Counted, percent: int) -> str:
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in last.reasons.most_common())
    return (
        f"{last.letters:,} of the last {last.events:,} events would be dead letters "
        f"({reasons}), the newest from {last.newest}: expected at most {percent} % "
        "(TOUCHLINE_DEAD_LETTER_PERCENT). So many are a bad deploy rather than bad data: look at "
        "`touchline dlq ls`, then mend the producer or take the deploy of this flow back; the "
        "events that were not begun are planned anew at the next start. What a mended producer has "
        "left in the topics stops the flow again: start it with TOUCHLINE_DEAD_LETTER_PERCENT=100, "
        "which switches this limit off, until that is among the dead letters"
    )
