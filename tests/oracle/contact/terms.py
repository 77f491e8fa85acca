"""What a playbook says of contact, read with a YAML reader and by the documentation's words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Cap(NamedTuple):
    """At most `most` within `within_ms`."""

    name: str
    most: int
    within_ms: int
    of: str
    per: str
    only: Mapping[str, list[str]]
    """"channel", "group", "offer" → which of them it is about; all where nothing stands."""

    def subject(self, offer: str, group: str, channel: str) -> str | None:
        """What it counts together; None for what it is not about."""
        parts = {"offer": offer, "group": group, "channel": channel, "customer": "all"}
        if any(parts[kind] not in names for kind, names in self.only.items() if names):
            return None
        return parts[self.per] or None


class Terms(NamedTuple):
    """What holds for one offer."""

    group: str
    purpose: str
    cooldown_ms: int
    suppress_ms: int
    fallback: bool
    budget: str
    """"" = none."""
    product: str
    """What the catalogue must have of it; "" = nothing."""


class Budget(NamedTuple):
    """How many of the offers that name it may be accepted in all."""

    units: int
    hard: bool


class Quiet(NamedTuple):
    """Hours of the day in which nothing is offered through some channels."""

    begins: str
    ends: str
    channels: list[str]
    trait: str
    """Which trait names a customer's zone; "" for none."""
    otherwise: str


class Contact(NamedTuple):
    """All of it."""

    caps: list[Cap]
    offers: dict[str, Terms]
    exclusive: dict[str, frozenset[str]]
    purposes: dict[str, str]
    quiet: Quiet | None
    answers_ms: int
    budgets: dict[str, Budget]


def read(playbook: Path) -> Contact:
    """The contact policy of a playbook file."""
    return terms_of(YAML(typ="safe").load(playbook.read_text()))


def terms_of(written: Mapping[str, Any]) -> Contact:
    """The same of what a YAML reader made of the file."""
    contact, groups = written.get("contact", {}), written.get("groups", {})
    offers = {
        name: _terms(offer, groups.get(offer.get("group", ""), {}))
        for name, offer in written["offers"].items()
    }
    sets = {name: frozenset(those) for name, those in contact.get("exclusive", {}).items()}
    return Contact(
        [_cap(name, cap) for name, cap in contact.get("caps", {}).items()],
        offers,
        sets,
        dict(written.get("purposes", {})),
        _quiet(contact["quiet"]) if "quiet" in contact else None,
        ms(contact.get("answers", "30d")),
        {
            name: Budget(budget["units"], bool(budget.get("hard")))
            for name, budget in written.get("budgets", {}).items()
        },
    )


def ms(duration: str) -> int:
    """Milliseconds of 90s, 30m, 12h or 7d."""
    return int(duration[:-1]) * UNITS_MS[duration[-1]]


def _cap(name: str, cap: Mapping[str, Any]) -> Cap:
    only = {kind: _some(cap.get(f"{kind}s", [])) for kind in ("channel", "group", "offer")}
    of, per = cap.get("of", "decided"), cap.get("per", "customer")
    return Cap(name, cap["most"], ms(cap["within"]), of, per, only)


def _terms(offer: Mapping[str, Any], group: Mapping[str, Any]) -> Terms:
    said = {"purpose": "", "cooldown": "30d", "suppress": "90d", **group, **offer}
    return Terms(
        offer.get("group", ""),
        said["purpose"],
        ms(said["cooldown"]),
        ms(said["suppress"]),
        bool(offer.get("fallback")),
        offer.get("budget", ""),
        _product(_some(offer.get("products", []))),
    )


def _quiet(quiet: Mapping[str, Any]) -> Quiet:
    """Raises ValueError for a zone that is more than a trait: there is no CEL here."""
    root, _, trait = quiet.get("zone", "customer.").partition(".")
    if root != "customer" or "." in trait:
        raise ValueError(f"quiet hours: expected customer.<trait> as the zone, got {quiet['zone']}")
    channels = _some(quiet["channels"])
    return Quiet(quiet["from"], quiet["to"], channels, trait, quiet["otherwise"])


def _product(products: list[str]) -> str:
    """Raises ValueError for a bundle: its price does not say which word it goes by."""
    if len(products) > 1:
        raise ValueError(f"products: expected one at most, got {products}")
    return products[0] if products else ""


def _some(names: Any) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
