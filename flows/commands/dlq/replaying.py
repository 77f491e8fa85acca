"""A replay from its choice to its last transaction.

Twice is once: whoever begins ends what another one had under way, reads which letters are marked as
written again, and writes the others, each batch in one transaction with its marks.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from msgspec import Struct, field

from connectors.events.dead_letter import Reason
from connectors.kafka.replayer import Again, Replayer, marks
from flows.commands.dlq.again import again, refused_again
from flows.commands.dlq.left import Left, LeftBehind
from flows.commands.dlq.letters import Letter, Letters, Tell
from flows.commands.dlq.mending import Fix
from flows.commands.dlq.opening import Opened
from flows.commands.dlq.selection import Selection

BATCH = 500
BATCH_BYTES = 8_388_608
SHOWN = 5
"""Letters left behind that are told of by their place."""


class Account(Struct):
    """What became of the letters that were asked for."""

    replayed: int = 0
    """Written again; with a dry run those that would be."""
    already: int = 0
    """Had been written again before."""
    left: Counter[Left] = field(default_factory=Counter)
    refused_again: Counter[Reason] = field(default_factory=Counter)
    """Of the replayed ones, those that this version's decoder would refuse again."""
    examples: list[tuple[str, str]] = field(default_factory=list)
    """(place, why) of the first that were left."""
    unreadable: int = 0
    """Records that are no dead letters."""


class Replay:
    """One run of the command."""

    def __init__(
        self, kafka: Opened, asked: Selection, fix: Fix | None, now_ms: int, tell: Tell
    ) -> None:
        """`now_ms`: what times in events are judged by."""
        self._kafka = kafka
        self._asked = asked
        self._fix = fix
        self._now_ms = now_ms
        self._tell = tell
        self._letters = Letters(kafka.config, kafka.letters, tell)
        self.account = Account()

    def look(self) -> None:
        """Find out what would be done, and write nothing. Raises Unread and KafkaException."""
        for batch in self._batches():
            self.account.replayed += len(batch)

    def do(self) -> None:
        """Raises ReplayFenced, Unread and KafkaException: what is marked by then is written."""
        with closing(Replayer(self._kafka.config)) as replayer:
            replayer.begin()
            for batch in self._batches():
                replayer.write(batch)
                self.account.replayed += len(batch)
                self._tell("replayed, dead letters", self.account.replayed)

    def _batches(self) -> Iterator[list[Again]]:
        batch: list[Again] = []
        size = 0
        for letter in self._letters.at(self._chosen()):
            event = self._again(letter)
            if event is None:
                continue
            batch.append(event)
            size += len(event.value)
            if len(batch) == BATCH or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _chosen(self) -> dict[int, set[int]]:
        """Partition → offsets of the letters to be written again.

        All of them before the first is written: one that is refused again becomes a new letter at
        the end of the topic, and to go on until that end would never end.
        """
        topic = self._kafka.letters
        done = marks(self._kafka.config, self._kafka.marks) if self._kafka.marks else set()
        chosen: dict[int, set[int]] = {}
        for letter in filter(self._asked.takes, self._letters.all()):
            if letter.mark(topic.id) in done:
                self.account.already += 1
            else:
                chosen.setdefault(letter.partition, set()).add(letter.offset)
        self.account.unreadable = self._letters.unreadable
        return chosen

    def _again(self, letter: Letter) -> Again | None:
        account = self.account
        try:
            event = again(letter, self._kafka.letters.id, self._kafka.channels, self._fix)
        except LeftBehind as left:
            account.left[left.why] += 1
            if len(account.examples) < SHOWN:
                account.examples.append((letter.place, str(left)))
            return None
        if (reason := refused_again(letter, event, self._now_ms)) is not None:
            account.refused_again[reason] += 1
        return event
