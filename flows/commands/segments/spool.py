"""Members on their way into a file: each once, in the order of their ids, whatever their number."""

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self


class Spool:
    """A database without a name: what does not fit into its few MB of memory lies in a temporary
    file, which goes with it."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("CREATE TABLE member (id TEXT PRIMARY KEY, since INTEGER) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._rows.close()

    def fill(self, members: Iterable[tuple[str, int]]) -> None:
        """Add (customer id, since); of somebody who comes twice the first counts."""
        self._rows.execute("BEGIN")
        self._rows.executemany("INSERT OR IGNORE INTO member VALUES (?, ?)", members)
        self._rows.execute("COMMIT")

    def __len__(self) -> int:
        (count,) = self._rows.execute("SELECT count(*) FROM member").fetchone()
        return int(count)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._rows.execute("SELECT id, since FROM member ORDER BY id"))
