"""What DuckDB says of a query, in one sentence with the place in the query."""

import difflib
import re

import duckdb

from connectors.warehouse.reading import words
from connectors.warehouse.views import VIEWS

TABLES_HINT = "`touchline warehouse tables` shows what there is"
_PLACE = re.compile(r"\n+LINE (\d+): (.*)\n( *)(\^+)")
_ABSENT = re.compile(r"(?:Table|View) with name (.+) does not exist", re.IGNORECASE)


class QueryRefused(Exception):
    """The SQL is not answered; the text is one sentence that says why and what to do."""


def refusal(error: duckdb.Error, first_line: int = 1) -> QueryRefused:
    """The sentence for `error`; `first_line` is the number DuckDB gives the query's first line."""
    text = str(error)
    place = _PLACE.search(text)
    said = words(ValueError(text[: place.start()] if place else text))
    # A place before the query's first line is in what was put around it, of no use to anybody.
    where = _where(place, first_line) if place and int(place[1]) >= first_line else ""
    if isinstance(error, duckdb.PermissionException):
        return QueryRefused(
            f"{where}refused, as only the warehouse's own tables are read here, and no other file "
            f"({said}); {TABLES_HINT}"
        )
    if "extension" in said and "install" in said.lower():
        about = said.split(" Please ", maxsplit=1)[0]
        return QueryRefused(f"{where}{about} It would be downloaded, so it is not used here")
    if absent := _ABSENT.search(said):
        return QueryRefused(f"{where}no table or view {absent[1]}{_nearest(absent[1])}")
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException) and "not found" in said:
        return QueryRefused(f"{where}{said}; {TABLES_HINT}")
    return QueryRefused(where + said)


def _where(place: "re.Match[str]", first_line: int) -> str:
    """`line 2, at "custmer_id": `, from the line that DuckDB shows and the signs below it."""
    number, shown, indent, carets = place.groups()
    start = len(indent) - len(f"LINE {number}: ")
    marked = shown[start : start + len(carets)][:60]
    return f"line {int(number) - first_line + 1}, at {marked!r}: "


def _nearest(name: str) -> str:
    names = [view.name for view in VIEWS]
    near = difflib.get_close_matches(name.strip('"').lower(), names, n=2, cutoff=0.6)
    meant = f"; the nearest: {', '.join(near)}" if near else ""
    return f"{meant}; {TABLES_HINT}"
