"""Sliding windows over when events happened, to the millisecond.

An event that comes late counts by when it happened: to `over_threshold` together with the newest of
the others; `over_rate` drops it if it is older than the window of the newest.
"""

from bisect import insort

from decisions.format.alert_keys import MAX_COUNT
from decisions.rules import Rate, Threshold
from state.profile import Watch


def over_threshold(watch: Watch, threshold: Threshold, at_ms: int) -> bool:
    """Takes in an event that fits; whether it and the newest of the others, `count` in all, lie
    within the window. Both its ends belong to it."""
    times, others = watch.times, threshold.count - 1
    del times[: max(0, len(times) - others)]  # an earlier version of the playbook may count more
    insort(times, at_ms)
    if len(times) <= others:
        return False
    over = times[-1] - times[0] <= threshold.within_ms
    del times[0]
    return over


def over_rate(watch: Watch, rate: Rate, at_ms: int, *, fits: bool) -> bool:
    """Takes in an event that fits `of`; whether now enough of them fit the alert, too."""
    newest = max([at_ms, *watch.times[-1:], *watch.others[-1:]])
    begin = newest - rate.within_ms
    if at_ms < begin:
        return False
    insort(watch.times if fits else watch.others, at_ms)
    watch.times = [time for time in watch.times if time >= begin]
    watch.others = [time for time in watch.others if time >= begin]
    while len(watch.times) + len(watch.others) > MAX_COUNT:
        older = not watch.others or (watch.times and watch.times[0] < watch.others[0])
        del (watch.times if older else watch.others)[0]
    total = len(watch.times) + len(watch.others)
    return total >= rate.at_least and 100 * len(watch.times) >= rate.share * total
