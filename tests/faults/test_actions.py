"""What others are asked for is published once, complete, through a kill while it is published."""

import time
from collections import Counter
from pathlib import Path

from msgspec import structs

from connectors.kafka.topics import ACTIONS
from connectors.published.record_types import read_action
from tests.faults.failpoints import POINTS
from tests.faults.world import PLAYBOOK, World, check, read_once

EVENTS = 400
KILLED_AT = "5 half published"
ASKING = """\
alerts:
  looked:
    event: Product Viewed
    severity: info
    cooldown: 1s
    message: Looked at {event.properties.product_id}
    actions:
      - action: webhook
        url: https://crm.example/products/{event.properties.product_id}
        headers: {Authorization: {secret: CRM_TOKEN}}
        payload: {product: event.properties.product_id, missing: event.properties.no_such}
      - action: log
        message: Looked at {event.properties.product_id}
"""


def test_a_kill_while_it_is_published_loses_none_and_repeats_it_byte_for_byte(
    world: World, tmp_path: Path
) -> None:
    assert KILLED_AT in POINTS
    playbook = tmp_path / "asking.yaml"
    playbook.write_text(PLAYBOOK.read_text().replace("alerts:\n", ASKING, 1))
    world = structs.replace(world, playbook=playbook)
    produced = world.fill(EVENTS, int(time.time() * 1000))
    assert world.run(KILLED_AT, 5, produced) == -9
    assert world.run("never", 1, produced) == 0
    check(world, produced)

    lying = [(logged, read_action(logged.value)) for logged in world.log(ACTIONS)]
    texts: dict[str, set[bytes]] = {}
    for logged, record in lying:
        texts.setdefault(record.id, set()).add(logged.value)
    assert {len(same) for same in texts.values()} == {1}

    taken = [
        read_action(logged.value)
        for logged in read_once((logged, record.applied) for logged, record in lying)
    ]
    raised = {
        (record.customer_id, record.caused_by)
        for record in taken
        if record.kind == "alert.raised" and record.body["alert"] == "looked"
    }
    assert len(raised) > 20
    for kind in ("webhook", "log"):
        asked = [record for record in taken if record.kind == kind]
        assert {(record.customer_id, record.caused_by) for record in asked} == raised
        assert len(asked) == len(raised) == world.counters()[f"requested:{kind}"]
        assert {record.body["idempotency_key"] for record in asked} == {r.id for r in asked}
    hooks = [record.body for record in taken if record.kind == "webhook"]
    assert Counter(tuple(hook["payload"]) for hook in hooks) == {("product", "missing"): len(hooks)}
    assert all(hook["headers"] == {"Authorization": {"secret": "CRM_TOKEN"}} for hook in hooks)
    assert world.counters()["rule_errors:alert.looked"] >= len(hooks)
