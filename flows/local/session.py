"""One run of `up`: start, look until told to stop, stop, closing words."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from flows.local.outcome import (
    NotAllKept,
    summary,
    told_answers,
    troubles_at_end,
    warehouse_rows,
)
from flows.local.report import JsonReport, Report, ServersReport
from flows.local.stack import ChildDied, Stack, Stopped
from flows.local.watch import Watch

FIRST_LOOK_S = 0.25
"""Until the first offer, whose time is told."""
LOOK_S = 1.0
TICK_S = 0.05


class Interrupts:
    """Ctrl-C, SIGTERM and SIGHUP: the first asks to stop, the second kills everything."""

    def __init__(self) -> None:
        self.count = 0
        self.stack: Stack | None = None

    def asked(self) -> bool:
        """Whether to stop."""
        return self.count > 0

    @contextmanager
    def caught(self) -> Iterator[None]:
        """While entered, signals come here."""
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            numbers.append(signal.SIGHUP)
        before = [(number, signal.signal(number, self._on_signal)) for number in numbers]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1 and self.stack:
            self.stack.kill()


def run(stack: Stack, report: Report, interrupts: Interrupts, seconds: float | None) -> None:
    """Until a signal, or for `seconds` after everything is ready; whatever happens, nothing is left
    running. Raises what `Stack` raises when it starts, and after the closing words ChildDied and
    NotAllKept."""
    interrupts.stack = stack
    began_s = time.monotonic()
    rows_before = warehouse_rows(stack.folder.warehouse)
    try:
        stack.start_services()
        report.starting()
        ready = stack.start_flows()
        ready_s = time.monotonic()
        rate = stack.plan.demo.rate if stack.plan.demo else 0
        watch = Watch(ready.metrics_urls, stack.settings.partitions, rate)
        report.ready(ready)
        try:
            until_s = ready_s + seconds if seconds else float("inf")
            first_offer_s, died = _look(stack, watch, report, interrupts, until_s)
        finally:
            report.stopping()
        stack.stop_simulator()
        last = watch.look()
    except Stopped:
        report.stopping()
        return
    finally:
        stack.stop()
    rows_after = warehouse_rows(stack.folder.warehouse)
    logs = {flow: process.log for flow, process in stack.flows.items()}
    troubles = troubles_at_end(last, stack.failures(), rows_before, rows_after, logs)
    report.closing(
        summary(
            watch.whole(),
            ready_s=ready_s - began_s,
            first_offer_s=first_offer_s and first_offer_s - began_s,
            answers=_answers(stack),
            rows_before=rows_before,
            rows_after=rows_after,
            troubles=troubles,
        )
    )
    if died is not None:
        raise died
    if troubles:
        raise NotAllKept(
            "what is not in the warehouse is lost, since the embedded Kafka forgets it; see"
            f" {stack.folder.logs}"
        )


def serve(
    stack: Stack,
    report: JsonReport | ServersReport,
    interrupts: Interrupts,
    seconds: float | None,
) -> None:
    """`run` with Kafka, Redis and the topics alone: nothing to look at, hence no closing words."""
    interrupts.stack = stack
    try:
        with suppress(Stopped):
            stack.start_services()
            report.ready(stack.ready({}))
            until_s = time.monotonic() + (seconds or float("inf"))
            while not interrupts.asked() and time.monotonic() < until_s:
                stack.check()
                time.sleep(TICK_S)
        report.stopping()
    finally:
        stack.stop()


def _look(
    stack: Stack, watch: Watch, report: Report, interrupts: Interrupts, until_s: float
) -> tuple[float | None, ChildDied | None]:
    """Look and tell until it is time to stop; when the first offer was seen, if one was, and which
    process has ended by itself, if one has."""
    first_offer_s = None
    look_s = time.monotonic() + FIRST_LOOK_S
    while not interrupts.asked() and (now_s := time.monotonic()) < until_s:
        try:
            stack.check()
        except ChildDied as death:
            return first_offer_s, death
        if now_s >= look_s:
            numbers = watch.look()
            report.numbers(numbers, _answers(stack))
            if first_offer_s is None and numbers.offers:
                first_offer_s = now_s
            look_s = now_s + (FIRST_LOOK_S if first_offer_s is None else LOOK_S)
        time.sleep(TICK_S)
    return first_offer_s, None


def _answers(stack: Stack) -> dict[str, int]:
    return told_answers(stack.simulator.printed()) if stack.simulator else {}
