"""The table of fields in docs/playbook.md; written anew by python -m tests.decisions.field_table"""

from pathlib import Path

from decisions.language.fields import FIELDS

DOCS = Path(__file__).parents[2] / "docs" / "playbook.md"
START, END = "<!-- fields: kept current by a test -->\n", "<!-- /fields -->"


def current() -> str:
    """The table as it stands in the documentation."""
    return DOCS.read_text().split(START)[1].split(END)[0]


def table() -> str:
    """The table as it should stand there."""
    rows = (f"| `{f.name}` | {f.type or 'by key'} | {f.doc} |\n" for f in FIELDS)
    return "".join(["| name | type | |\n| --- | --- | --- |\n", *rows])


if __name__ == "__main__":
    DOCS.write_text(DOCS.read_text().replace(START + current() + END, START + table() + END))
