"""Tables of the programs that ran in turn."""

from benchmarks.report.sheet import Rows, Sheet, middle, times
from benchmarks.results import Program, Rounds


def rounds_sheets(found: Rounds) -> list[Sheet]:
    """Each program's numbers, and the flow's over each other one's."""
    rows: Rows = [
        (
            program.name,
            f"{middle([run.events_per_s for run in program.runs]):,.0f}",
            f"{middle([run.cpu_us for run in program.runs]):.1f}",
            f"{middle([run.kafka_us for run in program.runs]):.1f}",
            f"{middle([run.redis_us for run in program.runs]):.1f}",
            ", ".join(f"{run.events_per_s:,.0f}" for run in program.runs),
            ", ".join(f"{run.cpu_us:.1f}" for run in program.runs),
        )
        for program in found.programs
    ]
    count = len(found.programs[0].runs)
    rounds = "1 round" if count == 1 else f"{count} rounds"
    title = f"In turn, {rounds} of {found.events:,} events: medians, then every round"
    header = ("", "events/s", "CPU µs/event", "Kafka's", "Redis's", "each: events/s", "CPU µs")
    sheets = [Sheet(title, header, rows, "programs")]
    if found.ratios:
        quotients: Rows = [
            (r.of, r.what, times(r.median), f"{times(r.least)} to {times(r.most)}")
            for r in found.ratios
        ]
        columns = ("", "of", "median", "range")
        sheets.append(Sheet("Ratios of the same round", columns, quotients))
    if len(staged := [program for program in found.programs if program.runs[0].stages_us]) > 1:
        sheets.append(_stages(staged))
    return sheets


def _stages(programs: list[Program]) -> Sheet:
    """The flow's stages beside those of another checkout's flow."""
    ours, *others = programs
    rows: Rows = []
    for stage in ours.runs[0].stages_us:
        mine = middle([run.stages_us[stage] for run in ours.runs])
        theirs = [middle([run.stages_us[stage] for run in other.runs]) for other in others]
        rows.append((stage, f"{mine:.2f}", *(f"{us:.2f} ({mine / us:.2f} x)" for us in theirs)))
    header = ("stage", *(program.name for program in programs))
    return Sheet("CPU µs per event by stage in those rounds, medians", header, rows)
