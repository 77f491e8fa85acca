"""Dice that a decision's id loads: who has the id and the arms in their order draws the same.

Philox (Salmon, Moraes, Dror, Shaw: "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011) is a
function of a key and a counter, so that the 16 bytes of an id are the whole seed and nothing has to
be stirred. To set the key of one that exists takes 2 µs, to make one 16.

What is the same where: the bits that Philox makes, everywhere and in every version (NumPy's
compatibility policy, NEP 19). How a Generator makes a Beta of them may change with NumPy's
version; a test holds the first draws, so that such a version is not taken unawares. The last digit
may differ by the C library's exp and log: publish propensities rounded.
"""

from typing import Final

import numpy as np
from numpy.random import Generator, Philox

ID_BYTES: Final = 16


class Dice:
    """One set of dice, thrown by one thread. Holds no state from one decision to the next."""

    def __init__(self) -> None:
        self._bits = Philox(key=0)
        self._generator = Generator(self._bits)
        self._zeros = np.zeros(4, dtype=np.uint64)

    def loaded(self, decision_id: bytes) -> Generator:
        """What `Generator(Philox(key=int.from_bytes(decision_id, "little")))` would be.

        Good until the next call, which loads the same object anew. Raises ValueError unless the id
        has 16 bytes.
        """
        if len(decision_id) != ID_BYTES:
            raise ValueError(f"decision_id: expected {ID_BYTES} bytes, got {len(decision_id)}")
        key = np.frombuffer(decision_id, dtype="<u8").astype(np.uint64, copy=False)
        self._bits.state = {
            "bit_generator": "Philox",
            "state": {"counter": self._zeros, "key": key},
            "buffer": self._zeros,
            "buffer_pos": 4,
            "has_uint32": 0,
            "uinteger": 0,
        }
        return self._generator
