"""What commands that ask Kafka say when it does not do what they ask."""

from confluent_kafka import KafkaError

from connectors.kafka.errors import words

ABSENT = (
    KafkaError._TIMED_OUT,
    KafkaError._TRANSPORT,
    KafkaError._RESOLVE,
    KafkaError._ALL_BROKERS_DOWN,
)
"""What librdkafka says of brokers that it does not find, each in words of its own."""


def kafka_trouble(address: str, error: BaseException) -> str:
    """One line, with what to do when there is nobody at `address`."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, KafkaError) and cause.code() in ABSENT:
        return (
            f"Kafka: no broker answers at {address}; start one there, or name another with "
            "--bootstrap-servers or TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS"
        )
    return f"Kafka at {address}: {words(error)}"
