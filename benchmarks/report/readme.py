"""The same tables as Markdown, each chart above the first table that it shows."""

from benchmarks.report.charts import CHARTS, FOLDER
from benchmarks.report.sheets import sheets
from benchmarks.results import Results

BEGIN = "<!-- results: written by `make bench ARGS=--write` -->"
END = "<!-- end of results -->"


def markdown(results: Results) -> str:
    """What stands between the marks. Charts are named only if `results` has what they show."""
    parts: list[str] = []
    shown: set[str] = set()
    for sheet in sheets(results):
        lines = [sheet.header, ("---", *["---:"] * (len(sheet.header) - 1)), *sheet.rows]
        table = "\n".join(f"| {' | '.join(row)} |" for row in lines)
        picture = ""
        if sheet.chart and sheet.chart not in shown and CHARTS[sheet.chart].fits(results):
            shown.add(sheet.chart)
            picture = f"![{CHARTS[sheet.chart].alt}]({FOLDER}/{sheet.chart}.png)\n\n"
        note = f"\n{sheet.note}\n" if sheet.note else ""
        parts.append(f"**{sheet.title}**\n\n{picture}{table}\n{note}")
    return "\n".join(parts)


def with_results(text: str, results: Results, name: str) -> str:
    """`text`, a README, with `results` between the marks. Raises ValueError without the marks.

    `name` is what the error calls the README.
    """
    before, after = parts(text, name)
    return f"{before}{BEGIN}\n\n{markdown(results)}\n{END}{after}"


def parts(text: str, name: str) -> tuple[str, str]:
    """What stands before and after the marks. Raises ValueError when they are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{name}: expected the lines {BEGIN} and {END}; put them back")
    return before, after
