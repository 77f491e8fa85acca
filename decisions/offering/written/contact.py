"""A playbook's contact policy, read."""

from collections.abc import Collection, Mapping

from decisions.document import Node
from decisions.format.offer_keys import CAP, CONTACT, QUIET_HOURS
from decisions.format.part import Part
from decisions.journeys.clocks.read import read_hours, read_local_time
from decisions.language import Scope
from decisions.limits import NOTHING
from decisions.offering.caps import Cap
from decisions.offering.policy import Policy, QuietHours
from decisions.reading import Reader


class PolicyReader:
    """Reads the section `contact`; what is wrong is noted with `reader`."""

    def __init__(self, reader: Reader, node: Node | None) -> None:
        self._reader = reader
        self._part = Part(reader, node or NOTHING, "contact", CONTACT)

    def policy(
        self,
        channels: Collection[str],
        groups: Collection[str],
        offers: Collection[str],
        scope: Scope,
    ) -> Policy:
        """Caps, quiet hours, and how long answers count."""

        def cap(name: str, node: Node, where: str) -> Cap:
            part = Part(self._reader, node, where, CAP)
            return Cap(
                id=name,
                most=part.whole("most") or 1,
                within_ms=part.duration("within") or 1,
                of=part.choice("of"),
                per=part.choice("per"),
                channels=frozenset(part.several("channels", channels)),
                groups=frozenset(part.several("groups", groups)),
                offers=frozenset(part.several("offers", offers)),
            )

        return Policy(
            caps=tuple(self._part.entries("caps", cap).values()),
            quiet=self._quiet(channels, scope),
            answers_ms=self._part.duration("answers") or 0,
        )

    def rivals(self, offers: Collection[str]) -> Mapping[str, frozenset[str]]:
        """Offer → those of its sets, itself among them; offers in no set are left out."""
        found: dict[str, frozenset[str]] = {}
        for name, _, node in self._part.named("exclusive"):
            where = f"{self._part.where('exclusive')}.{name}"
            together = self._reader.several(node, where, offers, least=2)
            for offer in together:
                found[offer] = found.get(offer, frozenset()) | frozenset(together)
        return found

    def _quiet(self, channels: Collection[str], scope: Scope) -> QuietHours | None:
        node = self._part.get("quiet")
        if node is None:
            return None
        part = Part(self._reader, node, self._part.where("quiet"), QUIET_HOURS)
        hours = read_hours(self._reader, part)
        local_time = read_local_time(self._reader, part, scope)
        silent = frozenset(part.several("channels", channels))
        if hours is None or local_time is None:
            return None
        return QuietHours(silent, hours, local_time)
