"""The mutants: which part of the protocol is gone, in which scene that shows, and by which law."""

from msgspec import Struct

from tests.faults.laws.known import HOLDERS, LEARNED, TOLD
from tests.faults.laws.out_log import ONCE, ONE_CONTENT
from tests.faults.laws.plans import TILED
from tests.faults.laws.shard import COUNTS, STATE, TIMERS
from tests.faults.laws.sold_out import NOT_DECIDED, NOT_SERVED
from tests.faults.mutants.forward_scenes import COUNTS_AGAIN
from tests.faults.mutants.kafka_scenes import (
    NAMES_ANEW,
    NAMES_ANEW_RUNNING,
    NAMES_CUT,
    NAMES_REFUSED,
)
from tests.faults.mutants.scene import GOES_ON
from tests.faults.mutants.scenes import AS_DECIDED, LEAVES, NAMES_HALF, NAMES_INPUT, NAMES_WIPED

ROWS = "the ids of the enriched log are those of the accepted input"
ACTIONS = "the published actions are those of the replay, in its order"
COUNTED = "what is counted is what is in the logs"
SAME_PLAN = "a plan that is written again is the same"
TIME = "the plans' time never goes back"


class Mutant(Struct, frozen=True):
    """A part of the protocol that is gone (`patches.PATCHES`), and where that shows."""

    name: str
    scene: str
    law: str
    """What it breaks there."""
    seen: str = ""
    """What is said of the place at which it is broken."""


WENT_ON = "ended with 0"

MUTANTS = [
    # The fence
    Mutant(
        "a commit is not guarded by a WATCH",
        "an owner sleeps before its commit while another takes over",
        SAME_PLAN,
    ),
    Mutant(
        "a Redis connection reconnects by itself",
        "an owner sleeps and its connection is cut while another takes over",
        SAME_PLAN,
    ),
    Mutant(
        "the fence that GET shows is not compared",
        "another takes over between an exec and the watch behind it",
        SAME_PLAN,
    ),
    Mutant("a shard is taken without a WATCH", "two take the shard at once", COUNTED),
    Mutant(
        "profiles are written beside the EXEC",
        "an owner sleeps before its commit while another takes over",
        STATE,
    ),
    Mutant("an error inside EXEC is ignored", "an outbox that is no list", NAMES_HALF, WENT_ON),
    Mutant(
        "timers are not in the EXEC",
        "an owner sleeps before its commit while another takes over",
        TIMERS,
    ),
    # Epochs
    Mutant(
        "a shard is taken without a new epoch",
        "an owner sleeps before its commit while another takes over",
        LEAVES,
        WENT_ON,
    ),
    Mutant(
        "whoever was replaced takes the shard back",
        "an owner sleeps before its commit while another takes over",
        LEAVES,
        WENT_ON,
    ),
    Mutant(
        "an epoch knows nothing of the clock",
        "a redis from the past and an old owner asleep",
        LEAVES,
        WENT_ON,
    ),
    Mutant(
        "an owner of the past counts as the new one",
        "a redis from the past under an owner at work",
        GOES_ON,
        "was taken by",
    ),
    # Plans
    Mutant("no plan at all", "a kill between producing and committing", ONE_CONTENT),
    Mutant(
        "no plan in the fence",
        "an owner sleeps before it produces while another takes over",
        ONE_CONTENT,
    ),
    Mutant("no plan in the log", "a redis from the past", ONE_CONTENT),
    Mutant("the plan log is not read when a shard is taken", "a redis from the past", ONE_CONTENT),
    Mutant(
        "a plan is made anew instead of done again",
        "a kill between producing and committing",
        ONE_CONTENT,
    ),
    Mutant(
        "of two plans with one number the last counts",
        "a redis from the past twice and two plans with one number",
        GOES_ON,
        "was planned from",
    ),
    Mutant(
        "the mark in the log passes plans that are left to do",
        "a redis from the past and a kill while its plans are done again",
        ONE_CONTENT,
    ),
    Mutant(
        "what a plan is done again with is not compared",
        "a kill and input that is not what it was",
        NAMES_INPUT,
        WENT_ON,
    ),
    Mutant("time goes back with the clock", "a kill and a clock that is behind", TIME),
    Mutant(
        "a flush applies its input as it arrived",
        "a kill and topics that arrive in another order",
        GOES_ON,
        "with other content",
    ),
    # Producing and publishing
    Mutant(
        "a commit does not wait for acknowledgements",
        "a kill after a commit while the producer takes its time",
        TILED,
    ),
    Mutant(
        "actions are published before the EXEC",
        "a kill while publishing and another playbook after it",
        AS_DECIDED,
    ),
    Mutant(
        "the outbox is trimmed by the commit that fills it",
        "a kill between committing and publishing",
        ACTIONS,
    ),
    Mutant(
        "the outbox is not published when a shard is taken",
        "a kill between committing and publishing",
        ACTIONS,
    ),
    Mutant(
        "an idle flow trims what is not acknowledged",
        "a kill at the last trim while the producer takes its time",
        ACTIONS,
    ),
    # What is kept
    Mutant(
        "fingerprints are not stored",
        "a restart and events that a producer sends again",
        ONCE,
    ),
    Mutant(
        "profiles in memory outlive the loss of a shard",
        "a connection to redis that is cut before a commit",
        STATE,
    ),
    # Where to begin
    Mutant("the group's offsets are where to begin", "somebody moves the group s offsets", ROWS),
    Mutant("an empty Redis is a new one", "a redis that was wiped", NAMES_WIPED, WENT_ON),
    # What is sent on
    Mutant(
        "what was sent on and comes again is taken again",
        "who sends on is killed and who receives is restarted",
        COUNTS,
    ),
    Mutant(
        "what has come of each sender is not stored",
        "who sends on is killed and who receives is restarted",
        COUNTS,
    ),
    Mutant(
        "a topic that has lost its end is the sender that it was",
        "a topic that loses its end is accepted and sent on from again",
        COUNTS_AGAIN,
    ),
    # What a shard is told and learns
    Mutant("who is served what is sold out is not looked for", "a product is sold out", NOT_SERVED),
    Mutant("who is served a product is not written down", "a product is sold out", NOT_SERVED),
    Mutant("who was recalled is said to be served it still", "a product is sold out", HOLDERS),
    Mutant("in place of what is withdrawn nothing is chosen", "a product is sold out", STATE),
    Mutant("sums that are told late count all the same", "what is told comes late and again", TOLD),
    Mutant("a sum that is told adds to what was told", "what is told comes late and again", TOLD),
    Mutant(
        "a product's older record counts all the same",
        "what is told comes late and again",
        NOT_DECIDED,
    ),
    Mutant(
        "what was learned is not undone for an event that is buried",
        "events are buried while offers are learned",
        STATE,
    ),
    Mutant(
        "what was undone for an event that is buried stays undone",
        "events are buried while offers are learned",
        LEARNED,
    ),
    Mutant(
        "what was learned outlives the loss of a shard",
        "a connection to redis that is cut while offers are learned",
        LEARNED,
    ),
    # What Kafka says
    Mutant("a delivery error is ignored", "a broker that refuses a record", NAMES_REFUSED, WENT_ON),
    Mutant(
        "a topic's id is not compared at start",
        "a topic that was made anew between two owners",
        NAMES_ANEW,
        WENT_ON,
    ),
    Mutant(
        "a topic's id is not compared while running",
        "a topic that is made anew under its owner",
        NAMES_ANEW_RUNNING,
        WENT_ON,
    ),
    Mutant(
        "a position that is gone is the earliest",
        "a topic that is cut short between two owners",
        NAMES_CUT,
        WENT_ON,
    ),
]
