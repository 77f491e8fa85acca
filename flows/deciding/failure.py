"""Why a request gets no offers: the closed list, as callers and metrics see it."""

from enum import StrEnum
from http import HTTPStatus
from typing import Final

from msgspec import Struct
from orjson import dumps


class Code(StrEnum):
    """What stands in an answer as `error.code`."""

    UNKNOWN_PATH = "unknown_path"
    """There is only /v1/decide."""
    WRONG_METHOD = "wrong_method"
    """It takes POST."""
    TOO_LARGE = "too_large"
    """More bytes than a request may have."""
    TOO_SLOW = "too_slow"
    """The body did not come in time."""
    NOT_JSON = "not_json"
    """Not JSON in UTF-8."""
    INVALID = "invalid"
    """JSON, but a field is missing, unknown, or of another type."""
    BAD_ID = "bad_id"
    """A customer id that is empty, too long, or holds control characters."""
    UNKNOWN_PLACEMENT = "unknown_placement"
    """The playbook has no such placement."""
    TOO_DEEP = "too_deep"
    """Objects and arrays nested deeper than an event may be."""
    TOO_MANY_KEYS = "too_many_keys"
    """More different keys than an event may have."""
    REPEATED = "repeated"
    """The request was answered longer ago than it may be repeated."""
    BUSY = "busy"
    """More requests are under way than are taken at once."""
    REDIS_AWAY = "redis_away"
    """Redis does not answer; nothing was decided."""
    KAFKA_AWAY = "kafka_away"
    """Kafka did not acknowledge; what was decided may count."""
    FAILED = "failed"
    """The program is at fault, or what it read of the customer."""


STATUS: Final = {
    Code.UNKNOWN_PATH: HTTPStatus.NOT_FOUND,
    Code.WRONG_METHOD: HTTPStatus.METHOD_NOT_ALLOWED,
    Code.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    Code.REPEATED: HTTPStatus.CONFLICT,
    Code.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.REDIS_AWAY: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.KAFKA_AWAY: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.FAILED: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""All others are 400."""


class Failure(Struct, frozen=True):
    """The value at the other door of every step of an answer."""

    code: Code
    message: str
    """What was expected and what came, for people. Nothing of what is known of a customer."""

    @property
    def status(self) -> HTTPStatus:
        """As HTTP has it."""
        return STATUS.get(self.code, HTTPStatus.BAD_REQUEST)

    @property
    def document(self) -> bytes:
        """The body of the answer."""
        return dumps({"error": {"code": self.code, "message": self.message}})
