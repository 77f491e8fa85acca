"""Tables of what rules cost."""

from benchmarks.report.rounds import rounds_sheets
from benchmarks.report.sheet import Rows, Sheet
from benchmarks.results import Asked, Rules


def rules_sheets(found: Rules) -> list[Sheet]:
    """Fold and decide by the number of rules, then the flow."""
    rows: Rows = [_row(each, found.asked) for each in found.asked]
    header = ("rules", "an event can concern", "CPU µs/event", "more", "for each", "rounds")
    title = f"Rules: fold and decide alone; alerts are spread over {found.names} event names"
    flow = [
        Sheet(f"Rules in the flow. {sheet.title}", sheet.header, sheet.rows)
        for sheet in rounds_sheets(found.flow)
    ]
    return [Sheet(title, header, rows, chart="rules"), *flow]


def _row(each: Asked, all_of_them: list[Asked]) -> tuple[str, ...]:
    first = next((other for other in all_of_them if other.kind == each.kind), each)
    added = each.concerned - first.concerned
    counted = each.kind in ("alerts", "segments")
    return (
        f"{each.rules:,} {each.kind}" if counted else each.kind,
        f"{each.concerned:.1f}" if counted else "",
        f"{each.us_per_event:.2f}",
        f"{each.more_us:+.2f}",
        f"{each.more_us / added:.2f}" if added >= 1 else "",
        ", ".join(f"{us:.1f}" for us in each.rounds_us),
    )
