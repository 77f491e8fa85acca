"""What a profile keeps of offers at most."""

from typing import Final

PROPOSALS_KEPT: Final = 24
"""Decisions of which it is known what became of them."""
ANSWERS_KEPT: Final = 40
"""Offers that the customer dismissed or accepted: those that rest longest."""
TIMES_KEPT: Final = 400
"""Of all that caps count."""
