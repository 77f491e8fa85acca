"""docs/asyncapi.yaml is AsyncAPI 3.0 by its makers' own schema, and holds together.

That it is current is a test of the other documents, too: tests/test_events_doc.py.
"""

import base64
import copy
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from connectors.events.schema_names import KNOWN
from connectors.kafka.topics import all_topics
from connectors.published.schema_asyncapi import document
from connectors.published.schema_bodies import BODIES, SEVERITIES
from decisions.actions.kinds import KINDS
from decisions.alerting.standing import ACKNOWLEDGED, CLEARED, ESCALATED
from decisions.alerts import RAISED
from decisions.journeys.moment import ENDED, STARTED
from decisions.load import parse_playbook
from decisions.offering.answers import ANSWERED
from decisions.offering.record import DECIDED
from decisions.playbook import PlaybookError
from decisions.segments import ENTERED, EXITED
from flows.settings import Settings
from tests.event_docs import DOCS, ROOT, VERSION
from tests.json_schema import Judge

PACKAGE = "@asyncapi/specs@6.11.1"
INTEGRITY = (
    "A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ=="
)
"""SHA-512 of the package, base64."""
SETTINGS = Settings()
FILE = (DOCS / "asyncapi.yaml").read_text()


def read(text: str) -> dict[str, Any]:
    """YAML as plain values."""
    found: dict[str, Any] = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text)))
    return found


DOCUMENT = read(FILE)
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]


@pytest.fixture(scope="module")
def specification(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """The specification's own JSON Schema, out of its makers' package."""
    if not shutil.which("npm"):
        if os.environ.get("CI") == "true":
            pytest.fail("npm is missing in CI")
        pytest.skip("npm is not on this machine")
    folder = tmp_path_factory.mktemp("asyncapi")
    npm = ["npm", "pack", PACKAGE, "--silent", "--pack-destination", str(folder)]
    packed = subprocess.run(npm, cwd=folder, timeout=60, capture_output=True, check=False)
    if packed.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip("npm cannot fetch AsyncAPI's schemas: no network, or no registry of packages")
    assert packed.returncode == 0, packed.stderr.decode()
    (archive,) = folder.glob("*.tgz")
    content = archive.read_bytes()
    assert base64.b64encode(hashlib.sha512(content).digest()).decode() == INTEGRITY
    with tarfile.open(fileobj=io.BytesIO(content)) as files:
        member = files.extractfile("package/schemas/3.0.0.json")
        assert member is not None
        return Judge(json.load(member))


def test_it_is_asyncapi_by_the_specifications_own_schema(specification: Judge) -> None:
    assert specification.errors(DOCUMENT) == []


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("operations", "click", "action"), "listen"),
        (("channels", "click", "bindings", "kafka", "partitions"), 0),
        (("components", "messages", "productViewed", "payload"), "any"),
        (("servers", "kafka", "host"), None),
    ],
)
def test_the_specifications_schema_would_see_a_mistake(
    specification: Judge, place: tuple[str, ...], wrong: object
) -> None:
    broken = copy.deepcopy(DOCUMENT)
    part = broken
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = wrong
    assert not specification.passes(broken)


def test_the_document_of_other_channels_is_asyncapi_too(specification: Judge) -> None:
    made = document(("click", "app"), 4, VERSION)
    assert specification.errors(json.loads(json.dumps(made))) == []
    assert made["channels"]["app"]["bindings"]["kafka"]["partitions"] == 4
    assert len(made["channels"]["app"]["messages"]) == len(KNOWN) + 1
    assert set(made["operations"]) == {"click", "app", "enriched", "actions", "deadLetter"}
    unresolved = [target for target in references(made) if resolved(made, target) is None]
    assert unresolved == []


def references(part: object) -> Iterator[str]:
    """Every reference in it."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inside in part.values():
            yield from references(inside)
    elif isinstance(part, list):
        for inside in part:
            yield from references(inside)


def resolved(whole: dict[str, Any], target: str) -> Any:
    """What the reference leads to; None when to nothing."""
    part: Any = whole
    for name in target.removeprefix("#/").split("/"):
        part = part.get(name) if isinstance(part, dict) else None
    return part


def parts(part: object) -> Iterator[dict[str, Any]]:
    """Every object in it, itself included."""
    if isinstance(part, dict):
        yield part
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for each in inside:
        yield from parts(each)


def test_beside_a_reference_stands_nothing_since_nothing_there_would_count() -> None:
    referring = [part for part in parts(DOCUMENT) if isinstance(part.get("$ref"), str)]
    assert referring
    assert [part for part in referring if len(part) > 1] == []


def test_of_fewer_channels_only_their_messages_are_there() -> None:
    made = document(("kiosk",), 4, VERSION)
    named = {name for channel in made["channels"].values() for name in channel["messages"]}
    assert set(made["components"]["messages"]) == named
    assert "productViewed" not in named
    assert "kioskItemScanned" in named


def test_texts_of_several_lines_are_blocks_and_nothing_is_an_alias_of_something_above() -> None:
    assert "  description: |\n    Customers' events in, decisions out." in FILE
    assert not re.search(r"[:-] [&*]\w+", FILE)


def test_every_reference_leads_somewhere_and_every_component_is_referred_to() -> None:
    targets = set(references(DOCUMENT))
    assert [target for target in targets if resolved(DOCUMENT, target) is None] == []
    there = {
        f"#/components/{kind}/{name}"
        for kind, components in DOCUMENT["components"].items()
        for name in components
    }
    # What a service reads in Redis comes by no topic.
    assert there - targets == {"#/components/schemas/OffersDocument"}


def test_topics_partitions_and_limits_are_those_that_are_made() -> None:
    assert [
        (channel["address"], channel["bindings"]["kafka"]["topicConfiguration"])
        for channel in DOCUMENT["channels"].values()
    ] == [
        (topic.name, {"max.message.bytes": topic.max_message_bytes})
        for topic in all_topics(SETTINGS.channels)
        if not topic.internal
    ]
    for channel in DOCUMENT["channels"].values():
        assert channel["bindings"]["kafka"]["partitions"] == SETTINGS.partitions
        assert channel["bindings"]["kafka"]["topic"] == channel["address"]


def test_operations_are_the_applications_and_name_their_channels_messages() -> None:
    for name, operation in DOCUMENT["operations"].items():
        assert operation["action"] == ("receive" if name in SETTINGS.channels else "send")
        assert operation["channel"] == {"$ref": f"#/channels/{name}"}
        assert [one["$ref"].rpartition("/")[2] for one in operation["messages"]] == list(
            DOCUMENT["channels"][name]["messages"]
        )


def test_every_known_event_and_every_kind_of_action_is_a_message() -> None:
    titles = [message["title"] for message in MESSAGES.values()]
    assert set(titles) >= set(KNOWN)
    assert len(set(titles)) == len(titles)
    assert set(MESSAGES) >= set(BODIES)


def test_a_message_is_named_for_programs_by_its_key() -> None:
    assert {key: message["name"] for key, message in MESSAGES.items()} == {
        key: key for key in MESSAGES
    }
    assert all(re.fullmatch(r"[a-z][A-Za-z]*([.][a-z]+)?", key) for key in MESSAGES)
    assert MESSAGES["event"]["title"] == "Any other event"
    assert MESSAGES["offer.decided"]["title"] == "Offer decided"


ALERTS = (RAISED, ESCALATED, ACKNOWLEDGED, CLEARED)


def test_kinds_of_actions_are_those_that_are_decided() -> None:
    assert set(BODIES) == {DECIDED, ANSWERED, *ALERTS, ENTERED, EXITED, STARTED, ENDED, *KINDS}


@pytest.mark.parametrize("severity", [*SEVERITIES, "fatal"])
def test_a_severity_is_one_that_a_playbook_may_have(severity: str) -> None:
    text = (ROOT / "playbooks" / "retail.yaml").read_text()
    changed = text.replace("severity: warning", f"severity: {severity}")
    if severity in SEVERITIES:
        severities = {alert.severity for alert in parse_playbook(changed, "retail").alerts.values()}
        assert severity in severities <= set(SEVERITIES)
    else:
        with pytest.raises(PlaybookError, match="severity"):
            parse_playbook(changed, "retail")


def judge(schema: dict[str, Any]) -> Judge:
    """Of a schema in the document, what it refers to included."""
    return Judge({**schema, "components": DOCUMENT["components"]})


@pytest.mark.parametrize("name", MESSAGES)
def test_every_example_is_as_its_schema_says(name: str) -> None:
    message = MESSAGES[name]
    assert message["examples"]
    for shown in message["examples"]:
        assert judge(message["payload"]).errors(shown["payload"]) == []
        if shown["payload"].get("customer_id"):
            key = judge(message["bindings"]["kafka"]["key"])
            assert key.errors(shown["payload"]["customer_id"]) == []


def test_the_example_of_what_is_served_is_as_its_schema_says() -> None:
    schema = DOCUMENT["components"]["schemas"]["OffersDocument"]
    (shown,) = schema["examples"]
    assert judge({"allOf": [schema]}).errors(shown) == []


def test_the_payload_of_a_known_event_is_of_that_name_alone() -> None:
    viewed, added = MESSAGES["productViewed"], MESSAGES["productAdded"]
    (shown,) = viewed["examples"]
    assert not judge(added["payload"]).passes(shown["payload"])


def printed(**environment: str) -> "subprocess.CompletedProcess[str]":
    """What the command says in this environment."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TOUCHLINE_")}
    return subprocess.run(
        [sys.executable, "-m", "flows.asyncapi"],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_prints_the_document_of_the_channels_that_are_set() -> None:
    done = printed(TOUCHLINE_CHANNELS="click,app", TOUCHLINE_PARTITIONS="3")
    assert (done.returncode, done.stderr) == (0, "")
    made = read(done.stdout)
    assert list(made["channels"])[:2] == ["click", "app"]
    assert made["channels"]["app"]["bindings"]["kafka"]["partitions"] == 3


def test_the_command_says_in_a_line_which_setting_is_wrong() -> None:
    done = printed(TOUCHLINE_PARTITIONS="none")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"Error: TOUCHLINE_PARTITIONS: expected .*\n", done.stderr)


def test_no_host_but_loopback_is_named() -> None:
    assert DOCUMENT["servers"]["kafka"]["variables"]["host"]["default"] == "127.0.0.1"
    assert set(re.findall(r"https?://([^/\s\"']+)", FILE)) <= {"www.apache.org", "shop.example"}
