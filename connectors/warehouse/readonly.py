"""Which SQL is answered: one statement that reads.

DuckDB would write, given the chance: COPY, also as a CTE of a SELECT or under EXPLAIN ANALYZE, may
write wherever files may be read. So a statement is judged by its kind, by its parse tree and by its
plan, before anything of it runs.
"""

import re
from typing import NamedTuple

import duckdb

from connectors.warehouse.sql_errors import QueryRefused, refusal

READS = "SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE and EXPLAIN"
_WRITING_NODE = re.compile(r'"type":"(COPY|INSERT|UPDATE|DELETE|MERGE)\w*NODE"')
_WRITING_STEP = re.compile(r'"name": "(\w*COPY\w*|INSERT|UPDATE|DELETE|MERGE\w*)"')
_FOREIGN_STEP = re.compile(r'"name": "JSON_EXECUTE_SERIALIZED_SQL"')
"""It runs a statement that no parse tree of this one shows."""


class Reading(NamedTuple):
    """A statement that only reads."""

    sql: str
    """Without a semicolon at its end."""
    explains: bool
    """EXPLAIN: its answer is a plan, as text, and it cannot stand in another query."""


def read_only(connection: duckdb.DuckDBPyConnection, sql: str) -> Reading:
    """The one statement of `sql`, when it can be answered.

    Raises QueryRefused, saying why not and what to do, and duckdb.Error for a file that went.
    """
    if wrong := re.search("[\x00\ud800-\udfff]", sql):
        line = sql.count("\n", 0, wrong.start()) + 1
        raise QueryRefused(f"line {line}: expected UTF-8 text, got another byte")
    planned = False
    try:
        statement = _one(connection, sql)
        text = _without_semicolon(statement.query)
        explained = text
        if statement.type == duckdb.StatementType.EXPLAIN:
            explained = _explained(text)
            statement = _one(connection, explained)
        if statement.type != duckdb.StatementType.SELECT:
            raise QueryRefused(_not_read(statement.type.name))
        if statement.named_parameters:
            raise QueryRefused(
                "expected a statement without parameters (?, $1): write the values into it"
            )
        (tree,) = connection.execute("select json_serialize_sql(?)", [explained]).fetchall()[0]
        if writes := _WRITING_NODE.search(tree):
            raise QueryRefused(_not_read(writes[1]))
        planned = True
        # On a line of its own, so that what DuckDB says of a place is of a line of theirs.
        ((_, plan),) = connection.execute(f"explain (format json)\n{explained}").fetchall()
    except duckdb.IOException:
        raise
    except duckdb.Error as error:
        raise refusal(error, first_line=1 + planned) from None
    except ValueError:  # a kind that the binding has no name for, such as UPDATE EXTENSIONS
        raise QueryRefused(_not_read("this kind of statement")) from None
    if writes := _WRITING_STEP.search(plan):
        raise QueryRefused(_not_read(writes[1]))
    if _FOREIGN_STEP.search(plan):
        raise QueryRefused("json_execute_serialized_sql is not answered: write the SQL itself")
    return Reading(text, explained is not text)


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    statements = connection.extract_statements(sql)
    if not statements:
        raise QueryRefused('expected a statement, got nothing; "show tables" is one')
    if len(statements) > 1:
        raise QueryRefused(f"expected one statement, got {len(statements)}; ask them one by one")
    return statements[0]


def _not_read(kind: str) -> str:
    hint = "; of PIVOT, say which values: `on channel in ('click')`" if kind == "MULTI" else ""
    return f"refused, as the warehouse is only read here: {kind}; {READS} are answered{hint}"


def _without_semicolon(sql: str) -> str:
    tokens = _tokens(sql)
    while tokens and tokens[-1][1] == b";":
        sql = sql.encode()[: tokens.pop()[0]].decode()
    return sql


def _explained(sql: str) -> str:
    """What stands behind EXPLAIN and its options."""
    tokens = _tokens(sql)
    depth = 0
    for start, token in tokens[1:]:
        if depth == 0 and token.lower() not in (b"analyze", b"("):
            return sql.encode()[start:].decode()
        depth += {b"(": 1, b")": -1}.get(token, 0)
    return ""


def _tokens(sql: str) -> list[tuple[int, bytes]]:
    """Each token's first byte and its first word or sign; comments are left out."""
    raw = sql.encode()
    return [
        (start, match[0] if (match := re.match(rb"\w+|.", raw[start:], re.DOTALL)) else b"")
        for start, kind in duckdb.tokenize(sql)
        if kind != duckdb.token_type.comment
    ]
