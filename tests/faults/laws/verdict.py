"""What the laws say of a run: counts, and each law that was broken with where it was seen first."""

from msgspec import Struct, field

SHOWN = 3
"""Places that are named of each broken law; the others are counted."""


class Verdict(Struct):
    """Of one run, all shards together."""

    produced: int = 0
    """Records in the channels' topics."""
    strays: int = 0
    """Records among what is sent on that nobody has sent on: input as well, to be refused."""
    accepted: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    """These three as the shards have counted them."""
    rows: int = 0
    """Enriched records that a reader takes, and below those of the actions."""
    actions: int = 0
    customers: int = 0
    table_rows: int = 0
    """Rows of the warehouse's tables, where there is one."""
    forwarded: int = 0
    """Events that were sent on to their customer's partition, each once."""
    lost: int = 0
    """Input records that are nowhere: neither a row, nor a dead letter, nor a known repeat."""
    twice: int = 0
    """Rows, actions and dead letters that a reader takes a second time."""
    second_contents: int = 0
    """Ids and places with two different contents in the log."""
    repeats: dict[str, int] = field(default_factory=dict)
    """rows, actions, dead_letters, forwarded → records of the log that a reader drops."""
    broken: dict[str, list[str]] = field(default_factory=dict)
    """Law → where it was broken: the first places, then how many more."""
    more: dict[str, int] = field(default_factory=dict)
    """Law → places that are not named."""

    def broke(self, law: str, where: str) -> None:
        """`law` does not hold at `where`."""
        places = self.broken.setdefault(law, [])
        if len(places) < SHOWN:
            places.append(where)
        else:
            self.more[law] = self.more.get(law, 0) + 1

    def expect(self, true: bool, law: str, where: str) -> None:
        """`law` is broken at `where` unless `true`."""
        if not true:
            self.broke(law, where)

    def told(self) -> list[str]:
        """A line for each law that was broken."""
        return [
            f"{law}: {'; '.join(places)}"
            + (f"; and {self.more[law]} more" if law in self.more else "")
            for law, places in self.broken.items()
        ]
