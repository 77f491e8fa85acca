"""When dead letters stop a flow: before they are planned, and never what was begun."""

from typing import Any

from flows.processor.decide import decide_step
from flows.processor.flush import Flush
from flows.processor.letter_limit import over_limit
from flows.processor.letter_window import LetterWindow
from flows.processor.processor import Processor
from state.profile import Profile
from tests.flows.one_flush import EVENT, NOW_MS, flush_of

BAD: dict[str, Any] = {**EVENT, "userId": ""}


def decided(*events: dict[str, Any]) -> tuple[Processor, Flush]:
    processor, part = flush_of(NOW_MS, *events)
    processor.letters = LetterWindow(50, 2)
    part.shard.profiles["ann"] = Profile()
    decide_step(processor, flush := Flush([part]))
    return processor, flush


def test_a_flush_of_too_many_dead_letters_is_named_with_its_reasons() -> None:
    processor, flush = decided(BAD, BAD)
    assert "2 of the last 2 events would be dead letters (bad_id 2)" in str(
        over_limit(processor, flush)
    )
    assert over_limit(*decided(BAD, EVENT)) is None


def test_what_was_begun_is_done_again_however_many_dead_letters_that_makes() -> None:
    processor, flush = decided(BAD, BAD)
    flush.slices[0].replay = True
    assert over_limit(processor, flush) is None


def test_nothing_is_stopped_while_a_shard_still_waits_for_what_it_had_begun() -> None:
    processor, flush = decided(BAD, BAD)
    (shard,) = processor.shards
    shard.todo.append(flush.slices[0].plan)
    assert over_limit(processor, flush) is None
    shard.todo.clear()
    assert over_limit(processor, flush) is not None


def test_what_is_produced_and_not_committed_counts_as_well() -> None:
    processor, flush = decided(BAD)
    assert over_limit(processor, flush) is None, "fewer events than the window has"
    _, processor.pending = decided(BAD)
    assert over_limit(processor, flush) is not None
