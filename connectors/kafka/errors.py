"""What an error of librdkafka means to a reader: one answer for all of ours, and one line to log.

Three outcomes, each with a name: it *passes* (librdkafka goes on by itself), the log is *gone* (a
position is no longer, or not yet, in it), or it is for good and going on would pass records over.
"""

from collections.abc import Callable
from logging import Logger

from confluent_kafka import KafkaError

_UNREADABLE = (KafkaError._BAD_MSG, KafkaError._BAD_COMPRESSION, KafkaError._NOT_IMPLEMENTED)
"""A batch that cannot be read must not be passed over."""
_GONE = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)
_ONE_CONNECTION = (KafkaError._TRANSPORT, KafkaError._RESOLVE, KafkaError._TIMED_OUT)
"""Of one connection of many; when none is left, _ALL_BROKERS_DOWN follows."""

QUIET = {"log_level": 2}
"""librdkafka's own lines on stderr, some forty a second while a broker is away: what matters comes
through its error callback."""


class LogTruncated(Exception):
    """A position is no longer, or not yet, in the log; the text names topic and partition."""


class Stalled(Exception):
    """What lies in the log does not come, and no error says why; a new start gets it. The text
    names topic and partition."""


def passes(error: KafkaError) -> bool:
    """Whether librdkafka goes on by itself, without leaving a record out."""
    return error.code() not in _UNREADABLE and bool(error.retriable() or error.code() < 0)


def gone(error: KafkaError) -> bool:
    """Whether the next offset is not in the log."""
    return error.code() in _GONE


def words(error: BaseException) -> str:
    """What an error says; of librdkafka's without the numbers around it."""
    cause = error.args[0] if error.args else None
    return cause.str() if isinstance(cause, KafkaError) else str(error)


class Outage:
    """Says once that Kafka does not answer, and once that it does again."""

    def __init__(self, log: Logger, changed: Callable[[bool], object] = lambda _: None) -> None:
        """`changed` is told each time: whether Kafka answers from now on."""
        self._log = log
        self._changed = changed
        self.why: str | None = None
        """Why nothing comes; None while all is well."""

    def note(self, error: KafkaError) -> None:
        """For librdkafka's `error_cb`."""
        if error.code() not in _ONE_CONNECTION:
            self.begin(error.str())

    def begin(self, why: str) -> None:
        """It does not answer."""
        if self.why is None:
            self._log.warning("Kafka: %s; waiting until it answers again", why)
            self._changed(False)
        self.why = why

    def end(self) -> None:
        """It has answered."""
        if self.why is not None:
            self._log.info("Kafka answers again")
            self._changed(True)
        self.why = None
