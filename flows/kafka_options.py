"""Whether librdkafka's options are right: asked before anything waits for a broker with them."""

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException, Producer

from connectors.kafka.errors import words
from flows.settings import SettingsError


def check_options(config: Mapping[str, str]) -> None:
    """Connects nothing. Raises SettingsError when an option or its value is unknown."""
    try:
        Producer({**config, "log_level": "0"})
    except KafkaException as error:
        if error.args[0].code() != KafkaError._INVALID_ARG:
            raise
        raise SettingsError(
            f"TOUCHLINE_KAFKA_*: expected options of librdkafka, got: {words(error)}"
        ) from None
