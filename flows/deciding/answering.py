"""From a question to an answer: read the profile, decide, claim the request, write it down.

Guaranteed: an answer is given only when what it decided is acknowledged by Kafka, so nobody can
answer to a decision that nobody knows, unless the caller would rather not wait (`early`); the same
request is given the same within KEPT_MS. After a
crash between two lines of `answer` the caller has none, and may ask again: where the request has a
message id it is given the same, and else what was decided before may count without being shown.
"""

import logging
import uuid
from collections.abc import Callable

import redis

from connectors.kafka.answer_log import AnswerLog
from connectors.kafka.murmur2 import partition_of
from connectors.published.decided import decided_record
from connectors.published.records import offers_document
from decisions.offering.ask import Answer, Question, ask, was_taken
from decisions.playbook import Playbook
from flows.deciding.failure import Code, Failure
from flows.deciding.question import Asked
from flows.deciding.unapplied import Unapplied
from flows.deciding.worlds import Worlds
from flows.deciding.writing import Writing
from flows.metrics.availability import Availability
from flows.metrics.meter import Meter
from state.decision import Serving
from state.store.requests import KEPT_MS, Given, Requests

log = logging.getLogger("touchline.decide")

REPEATED = Failure(
    Code.REPEATED,
    f"expected a new message_id, got one that was answered more than {KEPT_MS // 1000} s ago",
)
REDIS_AWAY = Failure(Code.REDIS_AWAY, "Redis does not answer: nothing was decided; ask again")
KAFKA_AWAY = Failure(
    Code.KAFKA_AWAY,
    "Kafka did not acknowledge in time: what was decided may count, and is not to be shown; ask "
    "again, with the same message_id if there was one",
)


class Answering:
    """Belongs to one event loop."""

    def __init__(
        self,
        playbook: Playbook,
        partitions: int,
        requests: Requests,
        written: AnswerLog,
        meter: Meter,
        redis_there: Availability,
        now_ms: Callable[[], int],
    ) -> None:
        self.playbook = playbook
        self._partitions = partitions
        self._requests = requests
        self._worlds = Worlds(playbook, requests)
        self._writing = Writing(written, lambda: meter.add("touchline_decide_unwritten_total"))
        self._meter = meter
        self._redis = redis_there
        self._now_ms = now_ms
        self._unapplied = Unapplied()

    async def answer(self, asked: Asked) -> bytes | Failure:
        """The document of offers, or why there is none. Raises ProfileUnreadable."""
        shard = partition_of(asked.customer_id, self._partitions)
        try:
            given = await self._given(asked, shard)
        except redis.RedisError as error:
            if not self._redis.is_away:
                log.warning("Redis does not answer: %s", type(error).__name__)
            self._redis.tell(False)
            return REDIS_AWAY
        if self._redis.is_away:
            self._redis.tell(True)
        if isinstance(given, Failure):
            return given
        if not given.record:
            return given.document
        known = await self._writing.write(shard, asked.customer_id, given.record, early=asked.early)
        return given.document if known else KAFKA_AWAY

    async def finish(self) -> None:
        """Wait until what was decided is written, or is known not to be."""
        await self._writing.finish()

    async def _given(self, asked: Asked, shard: int) -> Given | Failure:
        customer_id, request = asked.customer_id, asked.message_id
        seen = await self._requests.look_up(shard, customer_id, request)
        if seen.given is not None:
            return seen.given  # written once more: nobody knows here whether it was
        if request is not None and was_taken(seen.profile, customer_id, request, self.playbook):
            return REPEATED
        world = await self._worlds.of(shard)
        # From here on nothing is waited for until the decision is remembered: of two questions
        # about one customer the second knows of the first.
        now_ms = self._now_ms()
        self._unapplied.apply(seen.profile, customer_id, self.playbook, now_ms)
        question = Question(customer_id, request or uuid.uuid4().hex, asked.places, asked.context)
        answer = ask(seen.profile, question, self.playbook, now_ms, world)
        for rule in answer.errors:
            self._meter.add("touchline_rule_errors_total", rule=rule)
        new = len(answer.decided.actions) if answer.decided else 0
        self._meter.add("touchline_decide_offers_total", new, how="decided")
        self._meter.add("touchline_decide_offers_total", len(answer.offers) - new, how="stood")
        given = _give(answer, question)
        if answer.decided is not None:
            self._unapplied.remember(answer.decided, now_ms)
        return given if request is None else await self._claim(customer_id, request, answer, given)

    async def _claim(self, customer_id: str, request: str, answer: Answer, given: Given) -> Given:
        """What the request is given: what was decided here counts only if that is it."""
        claimed = None
        try:
            claimed = await self._requests.claim(customer_id, request, given)
        finally:
            if claimed is not given and answer.decided is not None:
                self._unapplied.forget(answer.decided)
        return claimed


def _give(answer: Answer, question: Question) -> Given:
    expires_at = max((offer.expires_at for offer in answer.offers), default=answer.as_of)
    serving = Serving(answer.as_of, expires_at, answer.offers)
    return Given(
        offers_document(question.customer_id, serving),
        b""
        if answer.decided is None
        else decided_record(answer.decided, [*question.placements], question.context),
    )
