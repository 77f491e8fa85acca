"""Waiting for a service that is not there yet: says which, keeps trying, gives up on request."""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from connectors.kafka.errors import words

T = TypeVar("T")

FIRST_S = 0.25
MOST_S = 5.0

log = logging.getLogger("touchline")


class ServiceAbsent(Exception):
    """A service did not answer and was not to be waited for."""


def wait_for(
    service: str,
    attempt: Callable[[], T],
    errors: tuple[type[Exception], ...],
    stop: threading.Event,
    fail_fast: bool = False,
) -> T | None:
    """The result of `attempt` as soon as it raises none of `errors`; None when `stop` is set first.

    `service` names what is waited for and its address. Raises ServiceAbsent with `fail_fast`.
    """
    delay = FIRST_S
    while not stop.is_set():
        try:
            return attempt()
        except errors as error:
            if fail_fast:
                raise ServiceAbsent(f"{service} does not answer: {words(error)}") from error
            log.warning(
                "%s does not answer: %s; trying again in %.1f s", service, words(error), delay
            )
            stop.wait(delay)
            delay = min(delay * 2, MOST_S)
    return None
