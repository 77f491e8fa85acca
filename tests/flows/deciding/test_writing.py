"""Who waits for a decision to be written, and who does not; Kafka answers when the test says."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from connectors.kafka.answer_log import AnswerLog, Told
from flows.deciding.writing import Writing

Script = Callable[["Held", Writing, list[str]], Awaitable[None]]


class Held:
    """Takes records, and is told by the test what becomes of them."""

    def __init__(self) -> None:
        self.waiting: list[Told] = []

    def write(self, partition: int, customer_id: str, record: bytes, told: Told) -> None:
        self.waiting.append(told)


def play(script: Script, held: Held | None = None) -> None:
    held = held or Held()

    async def played() -> None:
        lost: list[str] = []
        await script(held, Writing(cast(AnswerLog, held), lambda: lost.append("lost")), lost)

    asyncio.run(played())


async def a_while() -> None:
    """Until all has been done that could be."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_who_waits_is_told_what_became_of_it_and_who_does_not_that_it_is_under_way() -> None:
    async def script(held: Held, writing: Writing, lost: list[str]) -> None:
        waits = asyncio.create_task(writing.write(0, "ann", b"1"))
        assert await writing.write(0, "bob", b"2", early=True)
        await a_while()
        assert not waits.done()
        for told in held.waiting:
            told(None)
        assert await waits
        assert lost == []

    play(script)


def test_once_something_of_a_shard_is_lost_all_of_it_wait_until_something_is_written() -> None:
    async def script(held: Held, writing: Writing, lost: list[str]) -> None:
        assert await writing.write(0, "ann", b"1", early=True)
        held.waiting.pop()("timed out")
        await a_while()
        assert lost == ["lost"]
        assert await writing.write(1, "bob", b"2", early=True)
        held.waiting.pop()(None)
        await a_while()
        for why, known in (("timed out", False), (None, True)):
            waits = asyncio.create_task(writing.write(0, "ann", b"2", early=True))
            await a_while()
            assert not waits.done()
            held.waiting.pop()(why)
            assert await waits is known
        assert await writing.write(0, "ann", b"3", early=True)
        assert lost == ["lost"], "of the others their callers were told"

    play(script)


def test_who_does_not_wait_is_told_where_nothing_could_be_sent() -> None:
    class Full(Held):
        def write(self, partition: int, customer_id: str, record: bytes, told: Told) -> None:
            told("the queue is full")

    async def script(held: Held, writing: Writing, lost: list[str]) -> None:
        assert not await writing.write(0, "ann", b"1", early=True)
        await a_while()
        assert lost == []

    play(script, Full())


def test_at_the_end_what_nobody_waits_for_is_waited_for_also_where_a_caller_has_gone() -> None:
    async def script(held: Held, writing: Writing, lost: list[str]) -> None:
        assert await writing.write(0, "ann", b"1", early=True)
        gone = asyncio.create_task(writing.write(0, "bob", b"2"))
        await a_while()
        gone.cancel()
        end = asyncio.create_task(writing.finish())
        for told in held.waiting:
            await a_while()
            assert not end.done()
            told(None)
        await end

    play(script)
