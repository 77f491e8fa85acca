"""Where in a shard's history a record was made, and the rule by which readers drop repeats."""

from msgspec import Struct

INDEX_BITS = 20
COMMIT_BITS = 37
GENERATION_BITS = 6
"""Together they fill a signed 64-bit integer: a million actions a commit, and 200 commits a second
for 20 years."""


class Applied(Struct, frozen=True, order=True, gc=False):
    """The place of a published record: compare (`generation`, `commit`, `index`) within one shard.

    Records of a partition that a crash repeats come again with the same place and the same bytes.
    A reader that remembers the highest place it has taken per topic and partition, and takes only
    higher ones, sees each record once.
    """

    shard: int
    generation: int
    commit: int
    index: int

    def watermark(self) -> int:
        """The place as one increasing integer below 2**63, for stores that keep a number.

        Raises ValueError when a part does not fit.
        """
        if not (
            0 <= self.index < 1 << INDEX_BITS
            and 0 <= self.commit < 1 << COMMIT_BITS
            and 0 <= self.generation < 1 << GENERATION_BITS
        ):
            raise ValueError(f"{self} does not fit into 63 bits")
        return (self.generation << COMMIT_BITS | self.commit) << INDEX_BITS | self.index
