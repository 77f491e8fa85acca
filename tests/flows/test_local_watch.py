"""What is told of running flows is what they answer, and a single missed look is no news."""

from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from threading import Thread

import pytest

from flows.local.numbers import Numbers
from flows.local.watch import Watch, _get

NOBODY = "http://127.0.0.1:1/metrics"
SILENT = (0, "")
READY = (200, "ok\n")
Pages = Mapping[str, tuple[int, str]]
"""Page's name → status and text."""


def page(events: int) -> tuple[int, str]:
    return 200, f'touchline_events_total{{channel="click",outcome="accepted"}} {events}\n'


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Numbers]]:
    """A look a second at the touchpoints flow, which answers with one `Pages` after the other;
    last, the numbers of the whole."""

    def watched(*answers: Pages, rate: float = 0) -> list[Numbers]:
        ticks = count()
        watch = Watch({"touchpoints": NOBODY}, rate=rate, clock=lambda: float(next(ticks)))

        def look(answer: Pages) -> Numbers:
            monkeypatch.setattr(
                "flows.local.watch._get", lambda url: answer[url.rpartition("/")[2]]
            )
            return watch.look()

        return [*map(look, answers), watch.whole()]

    return watched


def pages(events: int, readyz: tuple[int, str] = READY) -> Pages:
    return {"metrics": page(events), "readyz": readyz}


GONE: Pages = {"metrics": SILENT, "readyz": SILENT}
WAITS = (503, "Kafka does not answer\n")


def test_a_flow_that_is_silent_keeps_what_it_said_last(
    looks: Callable[..., list[Numbers]],
) -> None:
    assert [numbers.events for numbers in looks(pages(7), GONE)] == [7, 7, 7]


def test_a_flow_that_stays_silent_is_told_with_the_seconds_since_it_last_answered(
    looks: Callable[..., list[Numbers]],
) -> None:
    *told, _ = looks(pages(1), GONE, GONE, GONE, pages(1))
    silences = [numbers.silent for numbers in told]
    assert silences == [{}, {}, {"touchpoints": 2}, {"touchpoints": 3}, {}]


def test_what_a_flow_waits_for_is_told_in_its_words_until_it_is_ready(
    looks: Callable[..., list[Numbers]],
) -> None:
    *told, _ = looks(pages(1), pages(1, WAITS), pages(1, (503, "Redis\n")), pages(1))
    waiting = [numbers.waiting for numbers in told]
    assert waiting == [
        {},
        {"touchpoints": "Kafka does not answer"},
        {"touchpoints": "Redis"},
        {},
    ]


def test_a_missed_look_neither_begins_nor_ends_a_wait(
    looks: Callable[..., list[Numbers]],
) -> None:
    *told, _ = looks(pages(1, SILENT), GONE, pages(1, WAITS), pages(1, SILENT), GONE)
    assert [bool(numbers.waiting) for numbers in told] == [False, False, True, True, True]


def test_a_page_that_is_no_answer_to_the_question_is_no_wait(
    looks: Callable[..., list[Numbers]],
) -> None:
    *told, _ = looks(pages(1, (404, "see /metrics\n")), pages(1, (503, "\n")))
    assert [numbers.waiting for numbers in told] == [{}, {}]


def test_events_that_a_simulator_should_send_are_missed_after_five_seconds(
    looks: Callable[..., list[Numbers]],
) -> None:
    *told, _ = looks(pages(5), pages(9), *[pages(9)] * 6, pages(10), rate=200)
    missed = [numbers.no_events_s for numbers in told]
    assert missed == [0, 0, 0, 0, 0, 0, 5, 6, 0]


@pytest.mark.parametrize(("rate", "missed"), [(0, 0), (1, 0), (2, 11), (200, 11)])
def test_nothing_is_missed_sooner_than_the_rate_makes_it_remarkable(
    looks: Callable[..., list[Numbers]], rate: float, missed: float
) -> None:
    *_, last, _ = looks(*[pages(0)] * 11, rate=rate)
    assert last.no_events_s == missed


def test_nobody_listening_is_silence_and_not_an_error() -> None:
    assert Watch({"touchpoints": NOBODY}).look().events == 0


def test_rates_forget_what_is_older_than_the_window(
    looks: Callable[..., list[Numbers]],
) -> None:
    *told, whole = looks(pages(0), pages(100), *[pages(100)] * 7)
    rates = [numbers.events_per_s for numbers in told]
    assert rates[1] == 50
    assert rates[-1] == 0
    assert whole.events_per_s == pytest.approx(100 / 9, abs=0.1)


def test_an_answer_that_says_no_is_read_like_one_that_says_yes() -> None:
    class Refuses(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Nothing to say."""

        def do_GET(self) -> None:
            self.send_response(503)
            self.end_headers()
            self.wfile.write(f"{self.path} waits\n".encode())

    with HTTPServer(("127.0.0.1", 0), Refuses) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        answer = _get(f"http://127.0.0.1:{server.server_port}/readyz")
        server.shutdown()
    assert answer == (503, "/readyz waits\n")
