"""Settings of a producer that loses nothing, at the price of one request at a time.

An idempotent producer alone does not promise that where the broker does not know it. While the
leader of a partition is being made, the first batch is refused, and the second one, which is under
way already, accepted: its number is the first that the new leader sees. librdkafka concludes that
the first is there, too, and calls it delivered, without an offset (confluent-kafka-go's issue 921).
Seen twice in some 1,300 trials with new topics.

For producers that are in no hurry; `publisher` sends the first record of a partition alone instead.
"""

from typing import Final

IN_TURN: Final = {
    "acks": "all",
    "enable.idempotence": True,
    "max.in.flight.requests.per.connection": 1,
}
