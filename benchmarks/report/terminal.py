"""The tables on a terminal, or as plain text in a file."""

from rich.console import Console
from rich.table import Table

from benchmarks.report.sheets import sheets
from benchmarks.results import Results


def draw(results: Results, console: Console) -> None:
    """All of them, one after the other."""
    for sheet in sheets(results):
        # Not the table's own title, which is folded into a narrow table's width.
        console.print(f"\n{sheet.title}", style="bold", markup=False, highlight=False)
        table = Table()
        for column, name in enumerate(sheet.header):
            table.add_column(name, justify="right" if column else "left", overflow="fold")
        for row in sheet.rows:
            table.add_row(*row)
        console.print(table, markup=False)
        if sheet.note:
            console.print(sheet.note, markup=False, highlight=False)
