"""docs/playbook.md: its examples are right, together and each beside the rest."""

import re

from decisions.language import Scope, compile_condition
from decisions.format.sections import PLAYBOOK
from decisions.load import parse_playbook
from tests.decisions.field_table import DOCS, current, table


def test_every_section_has_an_example_and_they_make_a_playbook() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert sorted(example.split(":")[0] for example in examples) == sorted(PLAYBOOK.names)
    playbook = parse_playbook("".join(examples), str(DOCS))
    assert playbook.offers["preview"].places == (("inbox", "email"), ("home", "click"))
    assert playbook.alerts["vip_unhappy"].events == ("Live Chat Conversation Ended",)


def test_every_key_of_an_offer_and_an_alert_is_explained() -> None:
    text = DOCS.read_text()
    for name in ("title", "when", "because", "priority", "value", "channels", "placements"):
        assert f"| `{name}` |" in text
    for name in ("ttl", "fallback", "event", "severity", "cooldown", "key", "message"):
        assert f"| `{name}` |" in text


def test_the_conditions_within_the_text_compile() -> None:
    scope = Scope(traits={"city": "string"}, segments=["vip"])
    text = DOCS.read_text().split("## Conditions")[1]
    conditions = re.findall(
        r"`((?:has|profile)[^`]*(?:>|==|exists)[^`]*)`", text.replace("\n", " ")
    )
    assert len(conditions) >= 4
    for condition in conditions:
        assert compile_condition(condition, scope).reads


def test_the_table_of_fields_is_the_language_s_own() -> None:
    assert current() == table(), "run: python -m tests.decisions.field_table"
