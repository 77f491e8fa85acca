"""Tables of policies that learn."""

from benchmarks.report.sheet import Rows, Sheet
from benchmarks.results import Choices, Decisions, Learned, LearningCosts, Spent


def decisions_sheets(found: Decisions) -> list[Sheet]:
    """Regret in each scenario, then what it takes."""
    return [
        *map(_learned, found.learned),
        _spent(found.spent),
        _costs(found.costs),
        _choices(found.choices),
    ]


def _learned(learned: Learned) -> Sheet:
    rows: Rows = [
        (
            each.name,
            f"{each.regret[-1]:,.1f}",
            f"{100 * each.regret[-1] / learned.earned:.1f} %",
            f"{each.regret[len(each.regret) // 2 - 1]:,.1f}",
            f"{min(each.ends):,.1f} to {max(each.ends):,.1f}",
        )
        for each in sorted(learned.learners, key=lambda each: each.regret[-1])
    ]
    title = (
        f"Decisions, {learned.scenario}: regret after {learned.rounds:,} decisions among "
        f"{learned.arms} arms, answers every {learned.batch}; the mean of {learned.seeds} seeds"
    )
    header = ("policy", "regret", "of what the oracle earns", "half-way", "seeds")
    return Sheet(title, header, rows, chart="decisions")


def _spent(spent: list[Spent]) -> Sheet:
    rows: Rows = [
        (name, *(f"{each.us[name]:.1f}" for each in spent))
        for name in sorted(spent[0].us, key=lambda name: spent[-1].us[name])
    ]
    header = ("policy", *(f"{each.arms} arms" for each in spent))
    return Sheet("CPU µs of a decision, learning included", header, rows)


def _costs(costs: LearningCosts) -> Sheet:
    rows: Rows = [
        ("lots of as many arms", f"{costs.lots_us:.1f}"),
        (f"that, and {costs.draws} Beta draws", f"{costs.draw_us:.1f}"),
        ("that, counters' totals before, checks", f"{costs.decide_us:.1f}"),
        ("an answer booked in its counter", f"{costs.book_us:.1f}"),
        ("a counter of others put into the table", f"{costs.put_us:.1f}"),
    ]
    note = f"{costs.counters:,} counters in {costs.shards} shards take {costs.table_mb:.1f} MB."
    return Sheet("Learning by itself, CPU µs", ("", "µs"), rows, note=note)


def _choices(found: Choices) -> Sheet:
    rows: Rows = [
        (f"among {found.treatments} treatments of {found.offers} offers", f"{found.plain_us:.1f}"),
        ("the same, propensities drawn", f"{found.drawn_us:.1f}"),
        ("the same, by two features", f"{found.linear_us:.1f}"),
        ("of the retail playbook, over the simulator's events", f"{found.mix_choice_us:.1f}"),
        ("of that an event", f"{found.mix_event_us:.2f}"),
    ]
    note = f"{100 * found.mix_share:.1f} of 100 events lead to a choice there."
    return Sheet("A choice by itself, CPU µs", ("", "µs"), rows, note=note)
