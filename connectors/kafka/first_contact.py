"""The first request of a client of Kafka, so that no other one is the first.

librdkafka gives up the connection to a bootstrap address as soon as the broker behind it has told
the cluster's brokers, and with it every request that is under way there. It asks again 1 s later,
an admin client 3 s: seen in one of seven assignments, in one of some thousand lists of offsets.
"""

from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient

from connectors.kafka.topics import ANSWER_S


def meet_brokers(client: Consumer | AdminClient, topic: str) -> None:
    """Return when `client` knows the cluster's brokers; `topic` is one that is there.

    Raises KafkaException when no broker answers.
    """
    client.list_topics(topic=topic, timeout=ANSWER_S)
