"""The parts of a profile, as bits: what a fold changed and what a rule reads."""

from typing import Final

CHANNELS: Final = 1 << 0
EVENTS: Final = 1 << 1
SESSIONS: Final = 1 << 2
CART: Final = 1 << 3
ORDERS: Final = 1 << 4
AFFINITY: Final = 1 << 5
EMAIL: Final = 1 << 6
KIOSK: Final = 1 << 7
CHAT: Final = 1 << 8
TRAITS: Final = 1 << 9
SEGMENTS: Final = 1 << 10
NOW: Final = 1 << 11
"""Read by a rule whose answer can change by time alone: a segment is asked when it may have, other
rules at every event."""
EVENT: Final = 1 << 12
"""Read by a rule that looks at the event itself."""
HISTORY: Final = 1 << 13
"""What history functions remember."""
CONSENTS: Final = 1 << 14
"""What the customer agreed to."""
ANSWERS: Final = 1 << 15
"""What became of offers."""
SUBSCRIPTION: Final = 1 << 16
"""Whether the customer wants no more mails: apart from EMAIL, as rules ask for it and mails are
many."""
