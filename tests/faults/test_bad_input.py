"""Whatever comes: a dead letter that holds it whole, and the good events beside it count."""

import base64
import time

from confluent_kafka import Producer

from connectors.events.dead_letter import Reason
from connectors.kafka.topics import DEAD_LETTER
from connectors.published.record_types import read_dead_letter
from tests.faults.world import World, check

GOOD = b'{"messageId":"m","type":"track","event":"E","userId":"ann","timestamp":"%s"%s}'
NOW = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()).encode()
BAD: list[tuple[bytes | None, Reason]] = [
    (None, Reason.TOMBSTONE),
    (b"", Reason.EMPTY),
    (b"not json", Reason.NOT_JSON),
    (b'{"a": NaN}', Reason.NOT_JSON),
    (b'{"a": "\xff"}', Reason.NOT_UTF8),
    (b"[" * 10_000 + b"]" * 10_000, Reason.TOO_DEEP),
    (b'"' + b"x" * 1_000_000 + b'"', Reason.TOO_LARGE),
    (b"[]", Reason.INVALID),
    (b"{}", Reason.INVALID),
    (GOOD.replace(b'"ann"', b"7") % (NOW, b""), Reason.INVALID),
    (GOOD.replace(b'"userId":"ann",', b"") % (NOW, b""), Reason.NO_ID),
    (GOOD.replace(b"ann", b"a" * 20_000) % (NOW, b""), Reason.BAD_ID),
    (GOOD % (b"0001-01-01T00:00:00Z", b""), Reason.TOO_LATE),
    (GOOD % (b"9999-12-31T00:00:00Z", b""), Reason.IN_FUTURE),
    (
        GOOD % (NOW, b',"properties":{%s}' % b",".join(b'"k%d":1' % n for n in range(300))),
        Reason.TOO_MANY_KEYS,
    ),
]


def test_bad_records_become_dead_letters_whole_and_stop_nothing(world: World) -> None:
    produced = world.fill(300, int(time.time() * 1000))
    producer = Producer(
        {
            "bootstrap.servers": world.bootstrap_servers,
            "partitioner": "murmur2_random",
            "message.max.bytes": 1_100_000,
        }
    )
    for value, reason in BAD:
        headers: list[tuple[str, str | bytes | None]] = [("why", str(reason)), ("none", None)]
        producer.produce("touchpoints.kiosk", value, "ann", headers=headers)
    producer.produce("touchpoints.kiosk", GOOD % (NOW, b""), "ann")
    # The key counts twice, in base64 and as the key, and would not fit into a record with it.
    long_key = b"k" * 700_000
    producer.produce("touchpoints.kiosk", b"-", long_key)
    producer.flush()

    assert world.run("never", 1, produced + len(BAD) + 2) == 0

    check(world, produced + len(BAD) + 2)
    letters = [read_dead_letter(logged.value) for logged in world.log(DEAD_LETTER)]
    mine = [letter for letter in letters if letter.topic == "touchpoints.kiosk" and letter.headers]
    assert [(letter.value, letter.reason) for letter in mine] == BAD
    assert {letter.key for letter in mine} == {b"ann"}
    places = world.log("touchpoints.kiosk")
    for letter in mine:
        (there,) = [
            place
            for place in places
            if (place.partition, place.offset) == (letter.partition, letter.offset)
        ]
        assert there.value == (letter.value or b"")
        assert letter.headers == [("why", letter.reason.encode()), ("none", None)]
        assert letter.detail
    assert base64.b64encode(b"not json") in b"".join(x.value for x in world.log(DEAD_LETTER))
    (large,) = [letter for letter in letters if letter.value == b"-"]
    assert large.key == long_key
    assert world.profiles()["ann"].channels["kiosk"].events == 1
