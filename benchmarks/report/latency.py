"""Tables of the open loop: from low rates to high ones, and what one of them is made of."""

from benchmarks.report.sheet import Rows, Sheet
from benchmarks.results import Latency, Spread

HEADER = ("", "n", "p50", "p90", "p99", "max")


def latency_sheets(
    found: list[Latency], not_held: str, on: str, rate: float, chart: str = ""
) -> list[Sheet]:
    """By rate, then in detail at `rate`, the promised one, or else at the lowest.

    `on`: what it was measured on, for the titles.
    """
    rows: Rows = [
        (
            f"{at.rate:,.0f}",
            f"{at.offer.count:,}",
            *(f"{ms:,.1f}" for ms in (at.offer.p50, at.offer.p90, at.offer.p99, at.offer.most)),
            f"{at.broker.p50:,.1f}",
            f"{at.broker.p99:,.1f}",
            f"{at.load['touchpoints']:.2f}",
            f"{at.load['kafka']:.2f}",
        )
        for at in found
    ]
    header = (
        *("events/s", "offers", "p50", "p90", "p99", "max", "broker alone p50", "p99"),
        *("flow's cores", "Kafka's cores"),
    )
    title = f"{on}: latency in ms, event due → offer read, open loop by rate"
    note = f"Not held: {not_held}. Higher rates were not tried." if not_held else ""
    sheets = [Sheet(title, header, rows, chart, note)]
    if not found:
        return sheets
    return sheets + _detail(next((at for at in found if at.rate == rate), found[0]), on)


def _detail(found: Latency, on: str) -> list[Sheet]:
    rows = [
        _spread("event due → offer read", found.offer),
        _spread("broker alone: due → consumed → produced → acknowledged", found.broker),
        _spread("the flow's own metric: log → commit (by bucket)", found.own),
        _spread("part of both: the sender was late", found.sender),
        _spread("part of the first: key set → read (idle)", found.reader),
    ]
    stages: Rows = [(name, f"{spent:.2f}") for name, spent in found.stages_ms.items()]
    load: Rows = [(name, f"{cores:.2f}") for name, cores in found.load.items()]
    load.append(("everybody else", f"{found.other_load:.2f}"))
    title = f"{on}: latency in ms at {found.rate:,.0f} events/s for {found.seconds:,.0f} s"
    return [
        Sheet(title, HEADER, rows),
        Sheet(
            f"{on}: elapsed ms of a stage in one flush at that rate, mean", ("stage", "ms"), stages
        ),
        Sheet(f"{on}: cores used at that rate", ("process", "cores"), load),
    ]


def _spread(name: str, found: Spread) -> tuple[str, ...]:
    values = (found.p50, found.p90, found.p99, found.most)
    return (name, f"{found.count:,}", *(f"{value:,.1f}" for value in values))
