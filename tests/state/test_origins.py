"""A shard takes each forwarded event once, in order, whatever crashes and republishing repeat."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from state.origins import is_new

ENTRIES = 12
SENDERS = ("a:0", "a:1", "b:0")
entry = st.tuples(st.sampled_from(SENDERS), st.integers(1, 3))


class Outbox:
    """What one shard forwards to another, and its owners that publish it, dead ones included."""

    def __init__(self, entries: Sequence[tuple[str, int]]) -> None:
        self.entries: list[tuple[str, int]] = []
        reached: dict[str, int] = {}
        for sender, gap in entries:  # offsets grow, and some are of events that lie right
            reached[sender] = reached.get(sender, 0) + gap
            self.entries.append((sender, reached[sender]))
        self.recorded = 0
        self.trimmed = 0
        self.past = (0, 0)
        self.publishers: list[int] = [0]
        """Of each owner: which entry it publishes next."""
        self.log: list[tuple[str, int]] = []

    def record(self) -> None:
        """A commit adds an entry."""
        self.recorded = min(self.recorded + 1, len(self.entries))

    def publish(self, owner: int) -> None:
        """An owner, the newest or a dead one whose records are still on their way."""
        owner %= len(self.publishers)
        at = self.publishers[owner]
        if at < self.recorded:
            self.log.append(self.entries[at])
            self.publishers[owner] = at + 1

    def trim(self) -> None:
        """Only what the newest owner knows to be published."""
        self.trimmed = max(self.trimmed, self.publishers[-1])

    def crash(self) -> None:
        """Another owner publishes from the first entry on that is left."""
        self.publishers.append(self.trimmed)

    def remember(self) -> None:
        """Redis is backed up."""
        self.past = self.recorded, self.trimmed

    def roll_back(self) -> None:
        """Redis comes back from the past, and with it nobody owns the shard for a moment."""
        self.recorded, self.trimmed = self.past
        self.publishers = [min(at, self.recorded) for at in self.publishers]
        self.crash()


STEPS = {
    "record": Outbox.record,
    "trim": Outbox.trim,
    "crash": Outbox.crash,
    "remember": Outbox.remember,
    "roll back": Outbox.roll_back,
}
steps = st.one_of(st.sampled_from([*STEPS, "record"]), st.integers(0, 5))


@given(
    st.lists(entry, min_size=1, max_size=ENTRIES),
    st.lists(steps, max_size=80),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["commit", "die", "back"])), max_size=20),
)
def test_each_is_taken_once_and_in_order_whatever_is_published_again(
    entries: list[tuple[str, int]], happens: list[str | int], reads: list[tuple[int, str]]
) -> None:
    outbox = Outbox(entries)
    for step in happens:
        if isinstance(step, int):
            outbox.publish(step)
        else:
            STEPS[step](outbox)
    outbox.recorded = len(outbox.entries)
    outbox.crash()
    for _ in outbox.entries:
        outbox.publish(-1)
    assert taken(outbox.log, reads) == outbox.entries


def taken(log: list[tuple[str, int]], reads: list[tuple[int, str]]) -> list[tuple[str, int]]:
    """What the other shard takes, which itself dies now and then, or gets its Redis from the past:
    its origins, its position and what it has taken are then what they were at a commit before."""
    position, origins, events = 0, dict[str, int](), list[tuple[str, int]]()
    past = position, origins, events
    for number, (size, fate) in enumerate([*reads, (len(log), "commit")]):
        ahead, more = dict(origins), list[tuple[str, int]]()
        for sender, offset in log[position : position + size]:
            if is_new(ahead, sender, offset):
                more.append((sender, offset))
        if fate == "commit":
            position, origins, events = position + size, ahead, events + more
        elif fate == "back":
            position, origins, events = past
        if number % 3 == 0:
            past = position, origins, events
    return events


def test_what_is_lower_than_the_next_of_its_sender_is_a_repeat_and_of_another_sender_new() -> None:
    origins: dict[str, int] = {}
    assert is_new(origins, "a:0", 7)
    assert not is_new(origins, "a:0", 7)
    assert not is_new(origins, "a:0", 3)
    assert is_new(origins, "a:1", 3)
    assert is_new(origins, "a:0", 8)
    assert origins == {"a:0": 9, "a:1": 4}
