"""What a profile keeps of offers at most."""

from typing import Final

PROPOSALS_KEPT: Final = 12
"""Decisions of which it is known what became of them; those that stand are never the ones to go."""
ANSWERS_KEPT: Final = 40
"""Offers that the customer dismissed or accepted: those that rest longest."""
MOST_AT_ONCE: Final = 120
"""Times that one choice can add: six offers, twenty caps."""
TIMES_KEPT: Final = 240
"""Of all that caps count."""
TIMES_FOR_DECISIONS: Final = 200
"""How many of them decisions may fill: the rest is for what is shown and accepted then."""
