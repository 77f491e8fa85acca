"""The keys of a playbook's section `limits`."""

from typing import Final

from decisions.format.keys import Duration, Key, Keys, Whole
from state.bounds import FINGERPRINTS_KEPT

DUPLICATES: Final = Keys(
    (
        Key(
            "ids",
            Whole(1, 1_024),
            "Among how many of a customer's last events. Each of them is 12 bytes of the profile.",
            default=FINGERPRINTS_KEPT,
        ),
        Key(
            "within",
            Duration("1m", "90d"),
            "And how long after it was received, by the records' timestamps in whole seconds.",
            default="24h",
            examples=("1h", "24h", "7d"),
        ),
    )
)
LIMITS: Final = Keys(
    (
        Key("duplicates", DUPLICATES, "When the same `messageId` is the same event again."),
        Key(
            "late",
            Duration("1m", "3650d"),
            "How long after it happened an event still counts.",
            default="30d",
            examples=("2d", "30d"),
        ),
        Key(
            "ahead",
            Duration("1s", "1d"),
            "How far a producer's clock may be ahead of ours.",
            default="5m",
            examples=("30s", "5m"),
        ),
    )
)
