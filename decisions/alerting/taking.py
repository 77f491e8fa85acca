"""An event taken into what an alert counts or waits for; a value compared with the one before."""

from msgspec import Struct

from decisions.alerting.memory import keep, recall
from decisions.alerting.pairs import take_absence, take_sequence
from decisions.alerting.windows import over_rate, over_threshold
from decisions.alerting.wording import Spot, keep_texts, short, spot, text_of
from decisions.language import Condition, EvaluationError
from decisions.playbook import Playbook
from decisions.rules import Absence, Alert, Change, Rate, Sequence, Threshold
from decisions.templates import MAX_VALUE
from state.profile import Profile, Watch
from state.touchpoint import Touchpoint


class Taken(Struct, frozen=True):
    """What came of it."""

    true: bool = False
    """Whether the alert is to be raised."""
    place: Spot | None = None
    """Where; None only if it is not."""
    errors: int = 0
    """How many expressions ended in an error."""


NOTHING = Taken()


class Asked:
    """Asks conditions about one event; an error counts as false."""

    def __init__(self, profile: Profile, touchpoint: Touchpoint, now_ms: int) -> None:
        self._about = (profile, touchpoint, now_ms)
        self.errors = 0

    def __call__(self, condition: Condition | None) -> bool:
        """Whether it is true; None, no condition, is."""
        if condition is None:
            return True
        names = condition.event_names
        if names is not None and self._about[1].name not in names:
            return False
        try:
            return condition(*self._about)
        except EvaluationError:
            self.errors += 1
            return False


def take(
    alert: Alert, profile: Profile, touchpoint: Touchpoint, playbook: Playbook, now_ms: int
) -> Taken:
    """Takes an event into the windows of an alert, or what it waits for.

    Of an absence it is true if what was waited for is absent already: the event came that late.
    """
    pattern = alert.pattern
    if pattern is None or isinstance(pattern, Change):
        return NOTHING
    asked = Asked(profile, touchpoint, now_ms)
    other = False
    if not isinstance(pattern, Threshold):
        other = asked(pattern.then if isinstance(pattern, Sequence) else pattern.of)
        if not other and isinstance(pattern, Rate):
            return Taken(errors=asked.errors)
    named = not alert.events or touchpoint.name in alert.events
    fits = named and asked(alert.when)
    if not fits and not other:
        return Taken(errors=asked.errors)
    place = spot(alert, profile, touchpoint, now_ms)
    watch = recall(profile, place.name, alert, now_ms)
    name_key(watch, place)
    errors = asked.errors
    at_ms = touchpoint.at_ms
    true = False
    match pattern:
        case Threshold():
            true = over_threshold(watch, pattern, at_ms)
        case Rate():
            true = over_rate(watch, pattern, at_ms, fits=fits)
        case Sequence():
            by = touchpoint.message_id
            true = take_sequence(watch, pattern, at_ms, by, first=fits, second=other)
        case Absence():
            if take_absence(watch, pattern, at_ms, first=fits, second=other):
                watch.armed_at, watch.armed_by = at_ms, touchpoint.message_id
                watch.texts, failed = keep_texts(alert, profile, touchpoint, now_ms)
                errors += failed
            true = bool(watch.armed_at) and watch.armed_at + pattern.within_ms <= now_ms
    watch.keep_until = max(watch.keep_until, max(at_ms, now_ms) + pattern.within_ms)
    keep(profile, place.name, watch, playbook, now_ms)
    if true:  # the key's error is counted where it is raised
        return Taken(true, place, errors)
    return Taken(errors=errors + place.errors)


def compare(
    alert: Alert,
    profile: Profile,
    touchpoint: Touchpoint,
    mask: int,
    playbook: Playbook,
    now_ms: int,
) -> Taken:
    """Compares a value with the one before, where `mask` says that it may be another."""
    change = alert.pattern
    if not isinstance(change, Change) or not alert.reads & mask:
        return NOTHING
    text, errors = text_of(change.value, profile, touchpoint, now_ms)
    if text is None:
        return Taken(errors=errors)
    watch = profile.watches.get(alert.id)
    customer, before = touchpoint.customer_id, watch.value if watch is not None else None
    value = short(customer, text)
    if value == before:
        return NOTHING
    watch = recall(profile, alert.id, alert, now_ms)
    watch.value = value
    keep(profile, alert.id, watch, playbook, now_ms)
    if (
        before is None
        or (change.before is not None and short(customer, change.before) != before)
        or (change.after is not None and change.after != text)
    ):
        return NOTHING
    asked = Asked(profile, touchpoint, now_ms)
    if not asked(alert.when):
        return Taken(errors=asked.errors)
    return Taken(true=True, place=spot(alert, profile, touchpoint, now_ms), errors=asked.errors)


def name_key(watch: Watch, place: Spot) -> None:
    """Keeps the key, where its name has only the key's hash."""
    if place.key is not None and not place.name.endswith(f":{place.key}"):
        watch.key = place.key[:MAX_VALUE]
