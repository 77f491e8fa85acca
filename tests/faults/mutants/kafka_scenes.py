"""Scenes of what a broker does: it refuses a record, its topics are made anew or cut short."""

import time

from confluent_kafka import TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its module does not list them
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from connectors.kafka.topics import (
    ENRICHED,
    admin_client,
    all_topics,
    channel_topic,
    create_topics,
)
from tests.faults.conftest import CHANNELS
from tests.faults.mutants.flow_patches import IDS_CAME
from tests.faults.mutants.scene import EVENTS, Act, Scene, entered

NAMES_REFUSED = "a record that the broker refused is named, and stops the flow"
NAMES_ANEW = "a topic that was made anew is named and refused at start"
NAMES_ANEW_RUNNING = "a topic that is made anew while the flow runs is named, and stops the flow"
NAMES_CUT = "a topic that lost what was to be read next is named and refused"

TOPIC = channel_topic("click")
NO_RECORD_FITS = "100"
KAFKA_SCENES: dict[str, Act] = {}
"""By name, as `SCENES`."""


@entered(KAFKA_SCENES)
def a_broker_that_refuses_a_record(of: Scene) -> None:
    of.fill()
    owner = of.start(halt=("1 plan fixed", 3)).asleep()
    _largest_message(of, NO_RECORD_FITS)
    owner.wake()
    of.refuses(owner, NAMES_REFUSED, "expected an acknowledgement, got")
    _largest_message(of, "")
    of.finishes(of.other())
    of.judge()


@entered(KAFKA_SCENES)
def a_topic_that_was_made_anew_between_two_owners(of: Scene) -> None:
    of.fill()
    of.finishes(of.start())
    _make_anew(of, TOPIC)
    of.fill(2 * EVENTS, seed=8)
    all_read = of.world.ends(map(channel_topic, CHANNELS))
    of.refuses(of.other(until=all_read), NAMES_ANEW, f"topic {TOPIC} was made anew")


@entered(KAFKA_SCENES)
def a_topic_that_is_made_anew_under_its_owner(of: Scene) -> None:
    of.fill()
    owner = of.start(until=1_000_000, circumstances=("whole backlog", "topic ids asked for often"))
    owner.until(lambda: of.world.accounted() == EVENTS, "all is done")
    # Of an input topic a fetch may tell as well that its offsets are gone: ids alone tell here.
    _make_anew(of, ENRICHED)
    deadline = time.monotonic() + 30
    # A mutant sits silent: it is asked no more than that the ids have come.
    seen = owner.said.count(IDS_CAME)
    while owner.code is None and owner.said.count(IDS_CAME) < seen + 2:
        assert time.monotonic() < deadline, owner.said
        time.sleep(0.01)
    if owner.code is None:
        owner.stop()
    of.refuses(owner, NAMES_ANEW_RUNNING, f"topic {ENRICHED} was deleted or made anew")


@entered(KAFKA_SCENES)
def a_topic_that_is_cut_short_between_two_owners(of: Scene) -> None:
    of.fill()
    of.finishes(of.start())
    of.fill(seed=8)
    end = len(of.world.log(TOPIC))
    cut = TopicPartition(TOPIC, 0, end - 1)
    admin = admin_client(of.kafka)
    admin.delete_records([cut])[cut].result(20)
    of.refuses(of.other(), NAMES_CUT, f"{TOPIC}[0]: expected the log to hold the next offset")


def _largest_message(of: Scene, size: str) -> None:
    """What the enriched topic takes from now on, in bytes; as it was made when empty."""
    made = next(t for t in all_topics(CHANNELS) if t.name == ENRICHED).max_message_bytes
    value = size or str(made)
    entry = ConfigEntry("max.message.bytes", value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, ENRICHED, incremental_configs=[entry])
    admin = admin_client(of.kafka)
    admin.incremental_alter_configs([resource])[resource].result(20)


def _make_anew(of: Scene, topic: str) -> None:
    admin = admin_client(of.kafka)
    admin.delete_topics([topic])[topic].result(20)
    deadline = time.monotonic() + 30
    while topic in admin.list_topics(timeout=10).topics:
        assert time.monotonic() < deadline, f"{topic} is not deleted"
        time.sleep(0.01)
    create_topics(of.kafka, CHANNELS, 1)
