"""What one event leads to: segments, then alerts, then journeys, then offers."""

from decisions.alerts import raise_alerts
from decisions.journeys.run import advance
from decisions.offers import serve
from decisions.playbook import ALWAYS, Playbook
from decisions.segments import leave_unknown, move
from state.decision import Decision
from state.profile import Profile
from state.sections import SEGMENTS
from state.touchpoint import Touchpoint

EVERYTHING = -1
"""All bits: a profile that this version of the playbook has not seen yet."""


def decide(
    profile: Profile, touchpoint: Touchpoint, changed: int, playbook: Playbook, now_ms: int
) -> Decision | None:
    """What to do after `touchpoint`; None when there is nothing to do, which is the common case.

    To be called after the fold has put the touchpoint into `profile` and said what it `changed`
    (bits of state.sections). A function of its arguments: equal arguments, equal answers, for ever.

    Changes `segments`, `alerts`, `offers`, `offers_until`, `playbook` and `trimmed` of the profile
    in place, also when the answer is None. `profile.playbook` becomes the playbook's edition: its
    version, with "+n" when n of its offers' start dates have passed.

    A rule is asked only when something it reads has changed, or the clock or the event is among
    what it reads. The offers are chosen anew when an eligibility answer may have changed, when one
    of them nears its expiry, when there is none, and for another edition of the playbook. Another
    version asks all rules, and decides each offer anew, since its content may be another. A
    condition that ends in an error counts as false and is counted in the decision.
    """
    edition = playbook.edition(now_ms)
    before = profile.playbook
    known = True
    if before != edition:
        profile.playbook = edition
        known = before.partition("+")[0] == playbook.version
        if not known:
            changed = EVERYTHING
    mask = changed | ALWAYS
    due = playbook.due(changed)
    decision = move(profile, touchpoint, due, mask, now_ms) if due.segments else None
    if not known:
        decision = leave_unknown(profile, touchpoint, playbook, decision)
    if decision is not None and decision.actions:
        mask |= SEGMENTS
    alerts = playbook.alerts_on.get(touchpoint.name)
    if alerts is not None:
        decision = raise_alerts(profile, touchpoint, alerts, mask, playbook, now_ms, decision)
    if due.alerts:
        decision = raise_alerts(profile, touchpoint, due.alerts, mask, playbook, now_ms, decision)
    if profile.journeys or playbook.journeys:
        decision = advance(profile, touchpoint, mask, playbook, now_ms, decision)
    if before != edition or playbook.offers_read & mask or now_ms >= profile.offers_until:
        decision = serve(profile, touchpoint, playbook, now_ms, decision, keep=known)
    return decision
