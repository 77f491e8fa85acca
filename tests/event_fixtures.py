"""The events in tests/fixtures/events, which producers test with as well."""

from pathlib import Path
from typing import Final, NamedTuple

from flows.settings import Settings

FOLDER: Final = Path(__file__).with_name("fixtures") / "events"
NOON_MS: Final = 1_768_478_400_000
"""2026-01-15T12:00:00Z: what the valid ones are judged by."""


class Fixture(NamedTuple):
    """One event: the bytes of a file."""

    channel: str
    name: str
    """Of the file, without its ending; of an invalid one `<reason>--<what>`."""
    value: bytes

    @property
    def reason(self) -> str:
        """Why an invalid one is refused."""
        return self.name.partition("--")[0]


def fixtures(kind: str) -> list[Fixture]:
    """All that are `valid`, or all that are `invalid`."""
    return [
        Fixture(channel, path.stem, path.read_bytes())
        for channel in Settings().channels
        for path in sorted((FOLDER / channel / kind).glob("*.json"))
    ]


VALID: Final = fixtures("valid")
INVALID: Final = fixtures("invalid")


def named(fixture: Fixture) -> str:
    """What pytest calls it."""
    return f"{fixture.channel}/{fixture.name}"
