"""A report for programs, and what is wrong with it in sentences."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, structs

from connectors.warehouse.outcomes import Period, Success
from decisions.experimenting.differences import Interval
from decisions.experimenting.judge import Judged
from decisions.offering.experiments import HELD_OUT, Experiment, is_control
from flows.commands.experiments.counting import Counted
from flows.commands.phrases import count


class Report(Struct, frozen=True):
    """All that is told."""

    experiment: Experiment
    success: Success
    period: Period
    counted: Counted
    judged: Judged


def document(report: Report) -> dict[str, Any]:
    """As plain JSON values. Rates and differences of rates are shares: 0.01 = 1 %."""
    found, judged = report.counted, report.judged
    since, until = (moment and moment.isoformat() for moment in report.period)
    return {
        "experiment": report.experiment.id,
        "success": report.success,
        "reference": judged.reference,
        "since": since,
        "until": until,
        "first_at": found.span.first_at,
        "last_at": found.span.last_at,
        "no_arm": found.no_arm,
        "held_out": found.held_out,
        "arms": [_arm(report, arm, share) for arm, share in report.experiment.arms],
        "error": judged.error,
        "comparisons": [
            {
                "arm": one.arm,
                "difference": one.difference,
                "relative": one.relative,
                "once": _interval(one.once),
                "anytime": _interval(one.anytime),
                "verdict": one.verdict,
            }
            for one in judged.comparisons
        ],
        "shares": {**structs.asdict(judged.ratio), "mismatch": judged.ratio.mismatch},
        "records": structs.asdict(found.records),
        "trouble": list(troubles(report)),
    }


def _arm(report: Report, arm: str, share: int) -> dict[str, Any]:
    tally = report.counted.tallies[arm]
    return {
        "arm": arm,
        "share": share / 100,
        "customers": tally.customers,
        "successes": tally.successes,
        "rate": tally.rate if tally.customers else None,
        "mean": tally.mean if tally.customers and report.success == "revenue" else None,
    }


def _interval(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else structs.asdict(interval)


def troubles(report: Report) -> Iterator[str]:
    """Why it is not to be trusted, or says less than one may think; a sentence each."""
    found, judged = report.counted, report.judged
    if judged.ratio.mismatch:
        yield (
            "the arms are not as large as the playbook says (chi-square "
            f"{judged.ratio.statistic:.1f}, by chance once in {1 / _above_0(judged):,.0f}): "
            "customers were lost or came back because of their arm, so the comparison is not to be "
            "trusted; begin --since with the experiment, and look for what loses events"
        )
    records = found.records
    if records.otherwise:
        yield (
            f"{records.otherwise:,} of {count(records.decisions, 'decision')}, of "
            f"{count(records.customers, 'customer')}, say another arm than the playbook deals, the "
            f"last at {records.last_at}: its salt or shares were others then, or it was not there; "
            "begin --since after that, or name the playbook of that time with --playbook"
        )
    empty = [arm for arm, tally in found.tallies.items() if not tally.customers]
    if empty:
        yield f"nobody was seen in {', '.join(empty)}, so nothing is compared with it"
    if is_control(report.experiment.id) and report.success in ("accepted", "clicked"):
        yield (
            f"{HELD_OUT} is offered less, so that it has less to accept or click, whatever that is "
            "worth; --success orders or revenue say what offers bring"
        )


def _above_0(judged: Judged) -> float:
    """The probability, as far as a number can say."""
    return max(judged.ratio.probability, 1e-12)
