"""What others were asked to do, in a few words."""

from typing import Any

from flows.commands.phrases import number


def origin_of(body: dict[str, Any]) -> str:
    """What it comes of: an alert, or a step of a journey."""
    origin = body.get("origin")
    found = origin if isinstance(origin, dict) else {}
    names = [str(found[name]) for name in ("alert", "journey", "step") if name in found]
    return ".".join(names) or "?"


def asked_of(kind: str, body: dict[str, Any]) -> str:
    """`POST https://..., needs approval, until 2026-01-15 09:30`: what, and how long it may."""
    until = str(body.get("expires_at", "?"))[:16].replace("T", " ")
    approval = ", needs approval" if body.get("requires_approval") else ""
    return f"{_what(kind, body)}{approval}, until {until}"


def _what(kind: str, body: dict[str, Any]) -> str:
    def said(name: str) -> str:
        return _text(body.get(name))

    match kind:
        case "webhook":
            return f"{said('method')} {said('url')}"
        case "email.request":
            to = f" to {said('to')}" if "to" in body else ""
            return f"{said('template')}{to}"
        case "lead.route":
            asked = [f"{name} {said(name)}" for name in ("region", "score") if name in body]
            return f"to {said('queue')} by {', '.join((said('table'), *asked))}"
        case "ticket.request":
            return f"{said('priority')}, to {said('queue')}: {said('subject')}"
        case "push.request":
            if "template" in body:
                return said("template")
            return f"{said('title')}: {said('text')}" if "title" in body else said("text")
    return said("message")


def _text(value: object) -> str:
    """A value in words; a secret by its name."""
    if isinstance(value, dict):
        return f"the secret {value.get('secret', '?')}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return "?" if value is None else str(value)
