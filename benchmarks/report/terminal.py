"""The tables on a terminal, or as plain text in a file."""

from rich.console import Console
from rich.table import Table

from benchmarks.report.sheets import sheets
from benchmarks.results import Results


def draw(results: Results, console: Console) -> None:
    """All of them, one after the other."""
    for sheet in sheets(results):
        table = Table(title=sheet.title, title_justify="left", title_style="bold")
        for column, name in enumerate(sheet.header):
            table.add_column(name, justify="right" if column else "left", overflow="fold")
        for row in sheet.rows:
            table.add_row(*row)
        console.print(table, markup=False)
