"""What a profile may hold at most, and which entry goes when there is no room.

The limits are in entries and in bytes of UTF-8. Together they keep what the fold stores within
`FOLD_BYTES` whatever is sent; the rest of `BLOB_BYTES` is for what decisions store. Everything
below adds one to `Profile.trimmed` each time it happens.

- A name (of an event, channel, category, product or cart) is cut to `NAME_BYTES`, a string trait to
  `TRAIT_BYTES`; no character is split.
- Channels and event names: the one seen least often makes room, of equals the first by name.
- Categories: the lowest score makes room, all faded to the same time; of equals the first by name.
- Cart lines: the line of the lowest value makes room, of equals the first by product id.
- Traits: one that is no longer declared makes room first, then the last by name; of those that are
  lists `LISTS_KEPT` are kept, and of one the first `ITEMS_KEPT` different texts, each cut as a
  string trait is. A value of another type than declared is ignored, and so is a trait with a name
  above `NAME_BYTES`.
- Consents: the oldest to a purpose that is not declared makes room for one that is; what finds no
  room is not taken in. A playbook declares fewer purposes than are kept.
- Of the products of one event, those after the first `PRODUCTS_READ` are not read.

A number that is none, or outside +-1e12, is not read at all, and not counted here.

What history functions remember (`Profile.history`) comes on top of `BLOB_BYTES`: how many there
are, and how many buckets they have, the playbook says (`decisions.history`, `state.windows`).
"""

from collections.abc import Callable
from typing import Final, TypeVar

from state.profile import Profile

BLOB_BYTES: Final = 52 * 1024
FOLD_BYTES: Final = 16_384

FINGERPRINTS_KEPT: Final = 64
"""Unless the playbook says another number: each one more takes 12 bytes beyond both bounds."""
CHANNELS_KEPT: Final = 12
EVENTS_KEPT: Final = 40
LINES_KEPT: Final = 20
CATEGORIES_KEPT: Final = 20
TRAITS_KEPT: Final = 20
LISTS_KEPT: Final = 2
ITEMS_KEPT: Final = 32
CONSENTS_KEPT: Final = 20
NAME_BYTES: Final = 40
TRAIT_BYTES: Final = 64
PRODUCTS_READ: Final = 100

K = TypeVar("K")
V = TypeVar("V")


def cut(profile: Profile, text: str, limit: int = NAME_BYTES) -> str:
    """`text` in at most `limit` bytes of UTF-8, counted in `profile.trimmed` when it is cut.

    Half a surrogate pair, which JSON can spell and UTF-8 cannot, becomes a question mark.
    """
    if text.isascii():
        if len(text) <= limit:
            return text
        short = text[:limit]
    else:
        short = text[:limit].encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
        if len(short) == len(text):
            return short
    profile.trimmed += 1
    return short


def make_room(
    profile: Profile,
    entries: dict[K, V],
    limit: int,
    worth: Callable[[V], float],
    name: Callable[[K], str] = str,
) -> None:
    """Drop the entry of least worth, of equals the first by name, until one more fits."""
    while len(entries) >= limit:
        least = min(entries, key=lambda key: (worth(entries[key]), name(key)))
        del entries[least]
        profile.trimmed += 1
