"""What a process takes of the machine must not grow for ever: its memory, its open files.

Pure: it judges samples. A life that is too short says nothing, and its first third may be anything:
caches fill up to their bounds.
"""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

OLD_S = 180.0
"""A life that went on for less is not judged."""
MORE_SHARE, MORE_MB = 0.03, 5.0
"""So much above what it was may be: a piece of heap that is not whole, buffers that were larger.
Undisturbed, a worker of 95 MB moved by less than 2 MB in nine minutes."""
MORE_FILES = 3
"""A connection that is made anew may be there twice for a while: to Kafka, of each of its clients
(consumer, producer, the one that asks for the topics' ids)."""


class Sample(NamedTuple):
    """A look at a process."""

    at_s: float
    """On a clock that never goes back."""
    memory_mb: float
    """Resident, in millions of bytes."""
    files: int
    """Open descriptors."""


class Usage(NamedTuple):
    """A life that went on for long enough: the medians of its second third and of its last."""

    lasted_s: float
    memory_mb: tuple[float, float]
    files: tuple[float, float]

    def told(self) -> str:
        """For people."""
        (memory, memory_now), (files, files_now) = self.memory_mb, self.files
        return (
            f"{memory:.1f} → {memory_now:.1f} MB, {files:g} → {files_now:g} open files in "
            f"{self.lasted_s:.0f} s (medians of the second and the last third)"
        )


def usage(samples: Sequence[Sample]) -> Usage | None:
    """Of one life, oldest sample first; None when it was too short to be judged."""
    lasted_s = samples[-1].at_s - samples[0].at_s if samples else 0.0
    if lasted_s < OLD_S:
        return None
    began_s = samples[0].at_s
    second = [s for s in samples if 1 / 3 <= (s.at_s - began_s) / lasted_s < 2 / 3]
    last = [s for s in samples if (s.at_s - began_s) / lasted_s >= 2 / 3]
    if not second:
        return None  # nobody looked
    return Usage(
        lasted_s,
        (
            statistics.median(s.memory_mb for s in second),
            statistics.median(s.memory_mb for s in last),
        ),
        (statistics.median(s.files for s in second), statistics.median(s.files for s in last)),
    )


def grown(name: str, of: Usage) -> list[str]:
    """What has grown of the process `name`, a sentence each; nothing when all is flat."""
    wrong = []
    memory, memory_now = of.memory_mb
    most = memory * (1 + MORE_SHARE) + MORE_MB
    if memory_now > most:
        wrong.append(f"memory of {name} grew, expected {most:.1f} MB at most: {of.told()}")
    files, files_now = of.files
    if files_now > files + MORE_FILES:
        wrong.append(
            f"open files of {name} grew, expected {files + MORE_FILES:g} at most: {of.told()}"
        )
    return wrong
