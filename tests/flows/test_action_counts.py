"""Every kind of action is counted by something that its body has."""

import pytest

from connectors.published import schema_examples as examples
from connectors.published.schema_bodies import BODIES
from decisions.journeys.versions import REASONS
from flows.metrics.of_decisions import REQUEST_KINDS
from flows.processor.decide import _label


@pytest.mark.parametrize("kind", BODIES)
def test_an_action_of_any_kind_is_counted(kind: str) -> None:
    counted, label = _label(kind, examples.action(kind)["body"])
    assert (counted, label) == ("requested", kind) if kind in REQUEST_KINDS else counted == kind
    assert label


def test_the_end_of_a_run_is_counted_by_its_reason() -> None:
    assert _label("journey.ended", examples.action("journey.ended")["body"]) == (
        "journey.ended",
        "exit",
    )
    reasons = BODIES["journey.ended"].__annotations__["reason"].__args__
    assert reasons == REASONS
