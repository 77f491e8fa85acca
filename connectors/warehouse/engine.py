"""DuckDB in memory, as every reader of the warehouse wants it."""

import os
import tempfile

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """A connection of its own, that downloads nothing and leaves the current folder alone.

    What does not fit into memory goes to the folder for temporary files until it is closed.
    """
    return duckdb.connect(
        config={
            # An extension would be downloaded at the first query that mentions what it can.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # A name in a query is one of the warehouse's, never a variable of this program.
            "python_enable_replacements": False,
            # DuckDB's own idea is a folder in the current one.
            "temp_directory": f"{tempfile.gettempdir()}/touchline-duckdb-{os.getpid()}",
        }
    )
