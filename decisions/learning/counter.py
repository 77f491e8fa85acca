"""Counters that fade: how often an arm was tried and taken, each try worth half after a half-life.

Forward decay (Cormode, Shkapenyuk, Srivastava, Xu: "Forward Decay: A Practical Time Decay Model for
Streaming Systems", ICDE 2009, section III) with an exponential: what happened at `t` weighs
2^((t - L) / half-life) as of a landmark L. Here L is the beginning of the half-life in which the
newest contribution came, times being cut into half-lives from 1970 on. To move it is to multiply by
a power of two, which is exact; so these are equalities, to the bit, down to where floats end
(1e-308):

    moved(moved(a, s), t) == moved(a, t)
    moved(a, t) + moved(b, t) == moved(a + b, t)         a and b of the same landmark

A counter is absolute for its shard, and the total of an arm is the sum over shards, in the order of
shards. Equal contributions in equal order give equal bits.
"""

from math import exp2, ldexp
from typing import Final

from msgspec import Struct

from decisions.learning.sound import number

FOREVER_MS: Final = 10**15
"""A half-life of 31,000 years, for what shall not fade."""
SLACK: Final = 1e-9
"""By how much, of all, rounding may bring what was taken above the tries. It is cut off."""


class Counter(Struct, frozen=True, array_like=True):
    """Of one arm in one shard. Both numbers are as of `at_ms`, and real."""

    tries: float
    taken: float
    """At most `tries`."""
    at_ms: int
    """The landmark, UTC; at or before the newest contribution."""


NOTHING: Final = Counter(0.0, 0.0, 0)


def factor(at_ms: int, to_ms: int, half_life_ms: int) -> float:
    """What a weight as of `at_ms` is worth as of `to_ms`: exact when whole half-lives lie between.

    Raises ValueError for a half-life below 1 ms.
    """
    if half_life_ms < 1:
        raise ValueError(f"half_life_ms: expected 1 or more, got {half_life_ms}")
    halves, rest = divmod(at_ms - to_ms, half_life_ms)
    if halves > 1_000:
        raise ValueError(f"at_ms: {at_ms} is over 1,000 half-lives of {half_life_ms} after {to_ms}")
    return ldexp(exp2(rest / half_life_ms) if rest else 1.0, halves)


def landmark(at_ms: int, half_life_ms: int) -> int:
    """The beginning of the half-life in which `at_ms` lies."""
    return at_ms - at_ms % half_life_ms


def moved(counter: Counter, to_ms: int, half_life_ms: int) -> Counter:
    """The same as of another time: lower numbers as of a later one, nothing else."""
    by = factor(counter.at_ms, to_ms, half_life_ms) if counter.tries else 1.0
    return checked(Counter(counter.tries * by, counter.taken * by, to_ms))


def booked(
    counter: Counter, half_life_ms: int, at_ms: int, *, tries: float, taken: float
) -> Counter:
    """Takes in what happened at `at_ms`, which may be before the newest.

    What was taken is booked at the time of its try: then it fades alike and never exceeds it.
    Raises ValueError for what is not finite, negative, or leaves more taken than tried.
    """
    number("tries", tries)
    number("taken", taken)
    newest = landmark(at_ms, half_life_ms)
    if newest > counter.at_ms:
        counter = moved(counter, newest, half_life_ms)
    weight = factor(at_ms, counter.at_ms, half_life_ms)
    tries, taken = counter.tries + tries * weight, counter.taken + taken * weight
    return checked(Counter(tries, taken, counter.at_ms))


def added(a: Counter, b: Counter, half_life_ms: int) -> Counter:
    """Both together, as of the later landmark."""
    at_ms = max(a.at_ms, b.at_ms)
    a, b = moved(a, at_ms, half_life_ms), moved(b, at_ms, half_life_ms)
    return checked(Counter(a.tries + b.tries, a.taken + b.taken, at_ms))


def checked(counter: Counter) -> Counter:
    """The counter, cut off to `taken` ≤ `tries` where rounding alone has it otherwise.

    Raises ValueError for numbers that are not finite or negative, and for more taken than tried.
    """
    number("tries", counter.tries)
    number("taken", counter.taken)
    if counter.taken <= counter.tries:
        return counter
    if counter.taken > counter.tries * (1 + SLACK):
        raise ValueError(f"taken: expected at most the tries, {counter.tries}, got {counter.taken}")
    return Counter(counter.tries, counter.tries, counter.at_ms)
