"""Looks at running flows again and again: what they measure, and whether they are ready."""

import http.client
import time
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from msgspec import structs

from flows.local.numbers import Numbers, Sample, between, read_sample

ANSWER_S = 0.5
WINDOW_S = 5.0
"""Rates and the current percentiles are of the last so many seconds."""
SILENT_S = 2.0
"""A flow that has not answered for so long is told of; a single look may be missed under load."""
NO_EVENTS_S = 5.0
"""A simulator that has sent no event for so long is told of, or for as long as MISSING_EVENTS take
at its rate, if that is longer: by chance, it would happen once in e^20 times."""
MISSING_EVENTS = 20


class Watch:
    """Samples of a run, looked at again and again. A flow that does not answer keeps what it said
    last: a moment of silence is not a fall to zero. A longer one is told."""

    def __init__(
        self,
        urls: Mapping[str, str],
        shards: int = 0,
        rate: float = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`urls`: flow → where its metrics are, with /readyz beside them. `rate`: how many events
        per second a simulator sends; 0 when there is none, and nobody knows when one is due."""
        self._urls = urls
        self._shards = shards
        self._clock = clock
        self._texts: dict[str, str] = {}
        self._waiting: dict[str, str] = {}
        self._first = Sample(clock())
        self._recent = deque([self._first])
        self._answered_s = dict.fromkeys(urls, self._first.at_s)
        self._events = 0
        self._event_s = self._first.at_s
        self._patience_s = max(NO_EVENTS_S, MISSING_EVENTS / rate) if rate else float("inf")

    def look(self) -> Numbers:
        """Ask the flows; the numbers of the last seconds."""
        answers = {flow: _metrics(url) for flow, url in self._urls.items()}
        for flow, text in answers.items():
            # Who has just been silent would only take as long again.
            waits = None if text is None else _waits_for(self._urls[flow])
            if waits is not None:
                self._waiting[flow] = waits
        last_s = self._clock()
        for flow, text in answers.items():
            if text is not None:
                self._texts[flow] = text
                self._answered_s[flow] = last_s
        last = read_sample(self._texts, last_s)
        self._recent.append(last)
        while len(self._recent) > 2 and self._recent[1].at_s <= last.at_s - WINDOW_S:
            self._recent.popleft()
        numbers = between(self._recent[0], last, last.at_s - self._first.at_s)
        return structs.replace(
            numbers,
            shards=self._shards,
            silent=self._silent(last_s),
            waiting={flow: reason for flow, reason in self._waiting.items() if reason},
            no_events_s=self._no_events_s(numbers.events, last_s),
        )

    def whole(self) -> Numbers:
        """The numbers of the whole run, up to the last look."""
        last = self._recent[-1]
        return between(self._first, last, last.at_s - self._first.at_s)

    def _silent(self, now_s: float) -> dict[str, float]:
        silences = {flow: now_s - last_s for flow, last_s in self._answered_s.items()}
        return {flow: round(long, 1) for flow, long in silences.items() if long >= SILENT_S}

    def _no_events_s(self, events: int, now_s: float) -> float:
        if events != self._events:
            self._events, self._event_s = events, now_s
        without_s = now_s - self._event_s
        return round(without_s, 1) if without_s >= self._patience_s else 0


def _metrics(url: str) -> str | None:
    """The page; None when there is no answer in time."""
    status, text = _get(url)
    return text if status == HTTPStatus.OK else None


def _waits_for(metrics_url: str) -> str | None:
    """What the flow waits for, in its words; "" when it is ready, None when it does not say."""
    status, text = _get(urljoin(metrics_url, "readyz"))
    if status == HTTPStatus.OK:
        return ""
    return text.strip() or None if status == HTTPStatus.SERVICE_UNAVAILABLE else None


def _get(url: str) -> tuple[int, str]:
    """Status and text; (0, "") when there is no answer in time."""
    # Not urllib.request: that would ask the environment's proxy for a page of this machine.
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=ANSWER_S)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()
