"""Writing down what was decided, for who waits until it is acknowledged and for who does not."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from connectors.kafka.answer_log import AnswerLog

LAST_S: Final = 3.0
"""Longer than a record waits for its acknowledgement."""
Became = asyncio.Future[str | None]
"""Of a record: None once it is acknowledged, else why it is not."""


class Writing:
    """Belongs to one event loop."""

    def __init__(self, answers: AnswerLog, lost: Callable[[], object]) -> None:
        """`lost` is told of each record that nobody waited for and Kafka did not acknowledge."""
        self._answers = answers
        self._lost = lost
        self._under_way: set[Became] = set()
        self._lossy: set[int] = set()
        """Shards of which the record that was heard of last is not acknowledged."""

    async def write(
        self, shard: int, customer_id: str, record: bytes, *, early: bool = False
    ) -> bool:
        """Whether it is acknowledged, and `early` whether it is under way: only as long as Kafka
        takes what the shard is given, so that an outage costs what is under way as it begins, and
        no more.
        """
        loop = asyncio.get_running_loop()
        became: Became = loop.create_future()
        early = early and shard not in self._lossy
        became.add_done_callback(partial(self._heard, shard))

        def told(why: str | None) -> None:
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(became.set_result, why)

        self._answers.write(shard, customer_id, record, told)
        self._under_way.add(became)
        await asyncio.sleep(0)  # what cannot even be sent is known by now
        if early and not became.done():
            became.add_done_callback(self._unseen)
            return True
        return await asyncio.shield(became) is None  # it goes on where the caller has gone

    def _heard(self, shard: int, became: Became) -> None:
        self._under_way.discard(became)
        if became.result() is None:
            self._lossy.discard(shard)
        else:
            self._lossy.add(shard)

    def _unseen(self, became: Became) -> None:
        if became.result() is not None:
            self._lost()

    async def finish(self) -> None:
        """Wait until all that is under way is heard of, for LAST_S at most."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=LAST_S)
