"""What is learned from what became of a decision.

Each decision that was shown comes to one outcome: taken; or refused, as the customer dismissed it,
or said nothing for as long as the playbook waits. A yes that comes after a no still counts, in its
place. All of it counts as of the time of the decision, so that a try and its outcome fade alike.
What was never shown and not answered teaches nothing.
"""

from typing import Final

from decisions.offering.caps import ACCEPTED
from decisions.offering.propensity import CLICKED, Learning
from state.decision import Decision, Outcome
from state.profile import Profile, Proposal
from state.times import earliest

OPEN: Final = 0
TAKEN: Final = 1
REFUSED: Final = 2
"""What `Proposal.settled` says."""
DISMISSED: Final = "dismissed"


def learn_from(proposal: Proposal, kind: str, learning: Learning, decision: Decision) -> None:
    """Takes in an answer to a proposal that is learned from: it may settle it."""
    if kind == ACCEPTED or (kind == CLICKED and learning.success == CLICKED):
        if proposal.settled != TAKEN:
            tries = 0.0 if proposal.settled == REFUSED else 1.0
            _settle(proposal, TAKEN, decision, tries, 1.0)
    elif kind == DISMISSED and proposal.settled == OPEN:
        _settle(proposal, REFUSED, decision, 1.0, 0.0)


def learn_from_silence(
    profile: Profile, learning: Learning, now_ms: int, decision: Decision | None
) -> Decision | None:
    """Settles what was shown and not answered for as long as it is waited for."""
    for proposal in profile.proposals:
        if 0 < _silent_at(proposal, learning) <= now_ms:
            decision = decision or Decision()
            give_up(proposal, decision)
    return decision


def next_silence(profile: Profile, learning: Learning) -> int:
    """When silence is the next answer; 0 = nothing waits for one."""
    found = 0
    for proposal in profile.proposals:
        found = earliest(found, _silent_at(proposal, learning))
    return found


def give_up(proposal: Proposal, decision: Decision) -> None:
    """It is waited no longer for an answer to it."""
    if proposal.bucket and proposal.shown_at and proposal.settled == OPEN:
        _settle(proposal, REFUSED, decision, 1.0, 0.0)


def _silent_at(proposal: Proposal, learning: Learning) -> int:
    if not (proposal.bucket and proposal.shown_at) or proposal.settled != OPEN:
        return 0
    return proposal.shown_at + learning.within_ms


def _settle(
    proposal: Proposal, settled: int, decision: Decision, tries: float, taken: float
) -> None:
    proposal.settled = settled
    decision.outcomes.append(
        Outcome(
            *(proposal.offer_id, proposal.channel, proposal.bucket, proposal.decided_at),
            *(tries, taken),
        )
    )
