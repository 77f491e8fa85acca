"""Learned propensities drawn again from a published decision alone: by its beliefs and its seed."""

from collections.abc import Iterator, Sequence
from math import isclose
from typing import Final

import numpy as np

from decisions.learning.draws import explores
from decisions.learning.policies.kinds import DRAWN, POLICIES, Linear
from decisions.offering.logged import Decided, Learned, Row
from decisions.offering.propensity import chance_of_picked, picked, redrawn
from state.decision import MOST_ELIGIBLE

NEAR: Final = 2e-9
"""How far a propensity may be off: by one in the last digit that is published."""


def remarks_on_draws(body: Decided, rows: Sequence[Row]) -> Iterator[str]:
    """Where what was learned does not lead to what the record says; nothing where nothing was."""
    learned = body.learned
    if learned is None:
        return
    policy = POLICIES.get(learned.policy)
    if policy is None:
        yield f"learned.policy: expected one of {', '.join(POLICIES)}, got {learned.policy!r}"
        return
    linear = isinstance(policy, Linear)
    first, second = (learned.mean, learned.spread) if linear else (learned.alpha, learned.beta)
    shapes = np.array([first, second]) if len(first) == len(second) else np.zeros((2, 0))
    above_0 = shapes[1:] if linear else shapes
    if shapes.shape[1] != len(rows) or not (np.isfinite(shapes).all() and (above_0 > 0).all()):
        words = "means, and spreads" if linear else "alphas and betas"
        yield f"learned: expected {len(rows)} {words} above 0, got others"
        return
    try:
        seed = int(learned.seed, 16)
    except ValueError:
        seed = -1
    if not 0 <= seed < 2**64:
        yield f"learned.seed: expected 16 hex digits, got {learned.seed!r}"
        return
    again = redrawn(policy, [(row.offer_id, row.channel) for row in rows], shapes, seed)
    for row, propensity in zip(rows, again, strict=True):
        if not isclose(row.propensity, propensity, rel_tol=0.0, abs_tol=NEAR):
            yield (
                f"eligible, rank {row.rank}: expected propensity {propensity!r} of its beliefs and "
                f"the seed, got {row.propensity!r}"
            )
    if len(rows) < MOST_ELIGIBLE:  # else others were among them
        yield from _on_exploring(learned, rows, seed)
        yield from _on_chance(body, learned, rows, drawn=isinstance(policy, DRAWN))


def _on_exploring(learned: Learned, rows: Sequence[Row], seed: int) -> Iterator[str]:
    if explores(seed, learned.explore) != learned.explored:
        yield f"learned.explored: expected {not learned.explored} by the seed"
    elif learned.explored and rows:
        first = rows[picked([(row.offer_id, row.channel, row.placement) for row in rows], seed)]
        if first.rank != 1:
            yield f"eligible: expected {' '.join(first.treatment)} first, as it is explored"


def _on_chance(
    body: Decided, learned: Learned, rows: Sequence[Row], *, drawn: bool
) -> Iterator[str]:
    is_first = bool(rows) and rows[0].treatment == body.treatment
    if (learned.chance is not None) != (is_first and not drawn):
        yield "learned.chance: expected one of the first, where nothing is drawn, and no other"
    elif learned.chance is not None:
        by_lot = learned.explore * chance_of_picked([row.offer_id for row in rows], body.offer_id)
        best = not learned.explored or rows[0].score >= max(row.score for row in rows)
        expected = {by_lot + 1.0 - learned.explore} if best else {by_lot}
        if best and learned.explored:
            expected.add(by_lot)  # of equal scores it may be the first or not
        if not any(isclose(learned.chance, each, abs_tol=1e-12) for each in expected):
            yield f"learned.chance: expected {min(expected)!r}, got {learned.chance!r}"
