"""An alert with actions, for tests: what a customer's event makes of them."""

from textwrap import dedent, indent
from typing import Any

from decisions.playbook import Playbook, PlaybookError
from state.decision import Action, Decision
from tests.decisions.someone import HEAD, Someone, actions, book

EVENT = "Contact Requested"
ROUTES = """\
routes:
  leads:
    - {region: [DE, AT], score: {from: 50, to: 80}, queue: team_dach}
    - {score: {from: 80}, queue: key_accounts}
    - {region: FR, queue: team_fr}
    - {queue: desk}
"""


def asking(*written: str) -> Playbook:
    """A playbook with an alert that asks for these actions."""
    items = "".join(f"      -\n{indent(dedent(one).strip(), ' ' * 8)}\n" for one in written)
    return book(
        "alerts:\n"
        f"  asked:\n    event: {EVENT}\n    severity: info\n    cooldown: 1s\n    message: m\n"
        f"    actions:\n{items}",
        head=HEAD + ROUTES,
    )


def decided(*written: str, customer: str = "c-1", **properties: Any) -> Decision:
    """What one event with these properties leads to."""
    decision = Someone(asking(*written), customer).does(EVENT, properties)
    assert decision is not None
    return decision


def requested(*written: str, customer: str = "c-1", **properties: Any) -> list[Action]:
    """The actions that it asks for, the alert itself left out."""
    found = actions(decided(*written, customer=customer, **properties))
    return [action for action in found if action.kind != "alert.raised"]


def body(written: str, customer: str = "c-1", **properties: Any) -> dict[str, Any]:
    """The body of the one action."""
    (action,) = requested(written, customer=customer, **properties)
    return action.body


def wrong(*written: str) -> str:
    """What is wrong with a playbook that asks for these."""
    try:
        asking(*written)
    except PlaybookError as error:
        return str(error)
    return ""
