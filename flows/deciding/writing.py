"""Writing down what was decided, for who waits until it is acknowledged and for who does not."""

import asyncio
from collections.abc import Callable

from connectors.kafka.answer_log import AnswerLog

Became = asyncio.Future[str | None]
"""Of a record: None once it is acknowledged, else why it is not."""


class Writing:
    """Belongs to one event loop."""

    def __init__(self, answers: AnswerLog, lost: Callable[[], object]) -> None:
        """`lost` is told of each record that nobody waited for and Kafka did not acknowledge."""
        self._answers = answers
        self._lost = lost
        self._under_way: set[Became] = set()
        self._taken = True
        """Whether the record that was heard of last is acknowledged."""

    async def write(
        self, shard: int, customer_id: str, record: bytes, *, early: bool = False
    ) -> bool:
        """Whether it is acknowledged, and `early` whether it is under way: only as long as Kafka
        takes what it is given, so that an outage costs what is under way as it begins, no more.
        """
        loop = asyncio.get_running_loop()
        became: Became = loop.create_future()
        early = early and self._taken
        self._under_way.add(became)
        became.add_done_callback(self._heard)

        def told(why: str | None) -> None:
            loop.call_soon_threadsafe(became.set_result, why)

        self._answers.write(shard, customer_id, record, told)
        await asyncio.sleep(0)  # what cannot even be sent is known by now
        if early and not became.done():
            became.add_done_callback(self._unseen)
            return True
        return await asyncio.shield(became) is None  # it goes on where the caller has gone

    def _heard(self, became: Became) -> None:
        self._under_way.discard(became)
        self._taken = became.result() is None

    def _unseen(self, became: Became) -> None:
        if became.result() is not None:
            self._lost()

    async def finish(self) -> None:
        """Wait until all that is under way is heard of: about a second at most."""
        while self._under_way:
            await asyncio.wait(self._under_way)
