"""What becomes of the alerts of one customer, as the documentation has it: silent, standing, over,
escalated, acknowledged."""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Any, NamedTuple

from tests.oracle.deeds import Deed, text_of
from tests.oracle.ninety_days.alarms import ALERTS, Two, key_of, raises, waiting
from tests.oracle.ninety_days.crowd import DAY
from tests.oracle.ninety_days.past import Past
from tests.oracle.ninety_days.rules import asked

FOR_ACKNOWLEDGING_MS = 7 * DAY
NEVER = 1 << 62


class Standing(NamedTuple):
    """An alert that was raised."""

    raised_at: int
    raised_by: str
    steps: int = 0
    """Taken."""
    over: bool = False
    """Nobody waits for it any more."""
    acknowledged_at: int = 0


class Said(NamedTuple):
    kind: str
    subject: str
    cause: str
    said: str


Name = tuple[str, str | None]
"""(alert, key)"""


class Alarms:
    """Of one customer: what was raised, and what became of it."""

    def __init__(self) -> None:
        self.standing: dict[Name, Standing] = {}
        self.raised: dict[Name, int] = {}
        self.true: dict[str, bool] = {}
        """Of those by time: the answer."""
        self.was_in: dict[str, bool] = {}
        self.missed: dict[str, str] = {}
        """Alert → message id of what was waited after when it was raised last."""

    def due(self, past: Past, now_ms: int, inside: Collection[str]) -> bool:
        """Whether time alone brings something about."""
        return (
            any(not self.true.get(name) for name in self._true_now(past, now_ms, inside))
            or any(True for _ in self._absent(past, now_ms))
            or any(
                self._step_at(name) <= now_ms
                or (self._stands(name) and self._over(name, past, now_ms, inside, None))
                for name in self.standing
            )
        )

    def look(self, past: Past, now_ms: int, inside: Collection[str]) -> None:
        """Nothing is due: notes what is true no more."""
        self.true = dict.fromkeys(self._true_now(past, now_ms, inside), True)

    def decide(
        self, past: Past, now_ms: int, inside: Collection[str], deed: Deed | None
    ) -> Iterator[Said]:
        """All that is said at `now_ms`, first what time has brought."""
        for name in [*self.standing]:
            yield from self._follow(name, past, now_ms, inside, deed)
        # What this event arms can be absent already: then it comes late.
        for known in (past if deed is None else Past(past.known[:-1]), past):
            for alert, armed_by in [*self._absent(known, now_ms)]:
                self.missed[alert] = armed_by
                yield from self._raise((alert, None), past, now_ms, inside, deed, armed_by)
        if deed is not None:
            for alert, rule in ALERTS.items():
                if raises(rule, past, inside):
                    key = key_of(rule, deed)
                    yield from self._raise((alert, key), past, now_ms, inside, deed)
            if deed.name == "Alert Acknowledged":
                yield from self._acknowledge(deed, now_ms)
        before, now = self.true, [*self._true_now(past, now_ms, inside)]
        self.true = dict.fromkeys(now, True)
        for alert in now:
            if deed is not None or not before.get(alert):
                yield from self._raise((alert, None), past, now_ms, inside, deed)
        for alert, rule in ALERTS.items():
            was, self.was_in[alert] = self.was_in.get(alert), rule.left in inside
            if was and not self.was_in[alert]:
                yield from self._raise((alert, None), past, now_ms, inside, deed)

    def looks(self, now_ms: int) -> Iterator[int]:
        """When to look, beside what events say."""
        for name in self.standing:
            yield from (self.standing[name].raised_at + s for s, _ in ALERTS[name[0]].steps)

    def _true_now(self, past: Past, now_ms: int, inside: Collection[str]) -> Iterator[str]:
        """The alerts by time that are true."""
        for name, alert in ALERTS.items():
            if alert.when and asked(alert.when, past, now_ms, inside):
                yield name

    def _absent(self, past: Past, now_ms: int) -> Iterator[tuple[str, str]]:
        """(alert, message id): what was waited after in vain, where that is not said yet."""
        for name, alert in ALERTS.items():
            if isinstance(alert.pattern, Two) and alert.pattern.kind == "absence":
                found = past.once(name, partial(waiting, alert.pattern, past.known))
                if found and found[0] <= now_ms and self.missed.get(name) != found[1]:
                    yield name, found[1]

    def _stands(self, name: Name) -> bool:
        return name in self.standing and not self.standing[name].over

    def _step_at(self, name: Name) -> int:
        alert, stands = ALERTS[name[0]], self.standing[name]
        if stands.over or stands.acknowledged_at or stands.steps >= len(alert.steps):
            return NEVER
        return stands.raised_at + alert.steps[stands.steps][0]

    def _over(
        self, name: Name, past: Past, now_ms: int, inside: Collection[str], deed: Deed | None
    ) -> bool:
        alert = ALERTS[name[0]]
        if alert.until_event and deed is not None:
            return alert.until_event(deed) and key_of(alert, deed) == name[1]
        return bool(alert.until and asked(alert.until, past, now_ms, inside))

    def _follow(
        self, name: Name, past: Past, now_ms: int, inside: Collection[str], deed: Deed | None
    ) -> Iterator[Said]:
        alert, stands = ALERTS[name[0]], self.standing[name]
        since = text_of(stands.raised_at)
        if not stands.over and self._over(name, past, now_ms, inside, deed):
            self.standing[name] = stands._replace(over=True)
            yield said("alert.cleared", name, deed, stands.raised_by, alert.severity, since)
            return
        while self._step_at(name) <= now_ms:
            stands = self.standing[name]
            self.standing[name] = stands._replace(steps=stands.steps + 1)
            severity = alert.steps[stands.steps][1]
            yield said(
                *("alert.escalated", name, deed, stands.raised_by),
                *(severity, since, str(stands.steps + 1)),
            )

    def _raise(
        self,
        name: Name,
        past: Past,
        now_ms: int,
        inside: Collection[str],
        deed: Deed | None,
        armed_by: str = "",
    ) -> Iterator[Said]:
        alert = ALERTS[name[0]]
        if name in self.raised and now_ms < self.raised[name] + alert.cooldown_ms:
            return
        if self._over(name, past, now_ms, inside, deed):
            return
        if (alert.until or alert.until_event) and self._stands(name):
            return
        self.raised[name] = now_ms
        yield said("alert.raised", name, deed, armed_by, alert.severity)
        if not (self._stands(name) and self._step_at(name) < NEVER):
            raised_by = armed_by or (deed.message_id if deed else "")
            self.standing[name] = Standing(now_ms, raised_by)

    def _acknowledge(self, deed: Deed, now_ms: int) -> Iterator[Said]:
        alert, key = deed.properties["alert"], deed.properties.get("key")
        for name, stands in self.standing.items():
            if name[0] != alert or (key is not None and name[1] != key):
                continue
            rule = ALERTS[alert]
            last = rule.steps[-1][0] + FOR_ACKNOWLEDGING_MS if rule.steps else 0
            silent = now_ms < self.raised[name] + rule.cooldown_ms
            stood = (rule.until or rule.until_event) and not stands.over
            within = rule.steps and not stands.over and now_ms <= stands.raised_at + last
            if stands.acknowledged_at or not (silent or stood or within):
                continue
            self.standing[name] = stands._replace(acknowledged_at=now_ms)
            since = text_of(stands.raised_at)
            yield said("alert.acknowledged", name, deed, "", rule.severity, since)


def said(kind: str, name: Name, deed: Deed | None, armed_by: str, *more: str) -> Said:
    cause = f"time:alert.{name[0]}" + (f":{armed_by}" if armed_by else "")
    subject = name[0] if name[1] is None else f"{name[0]} {name[1]}"
    return Said(kind, subject, cause if deed is None else deed.message_id, " ".join(more))


def told(body: dict[str, Any]) -> tuple[str, str]:
    """(subject, what is said) of an action of the product's, in the same words."""
    subject = f"{body['alert']} {body['key']}" if "key" in body else body["alert"]
    parts = [body["severity"], body.get("raised_at"), body.get("step")]
    return subject, " ".join(str(part) for part in parts if part is not None)
