"""docker-compose.yml as Compose reads it: variables put in, profiles chosen; no engine needed."""

import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from requirements.lock import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text()
ENV_EXAMPLE = (ROOT / ".env.example").read_text()
FLOWS = ("touchpoints", "warehouse", "decide")

Service = dict[str, Any]

# A dollar that stands for itself, and the one form of variable that is used: with a default.
VARIABLE = re.compile(r"\$\$|\$\{(\w+):-([^}]*)\}")


def services(environ: Mapping[str, str] | None = None) -> dict[str, Service]:
    """Name → service, with what `environ` says, or else the defaults, in the variables' place."""
    read: dict[str, Service] = YAML(typ="safe").load(TEXT)["services"]
    return {name: _filled(service, environ or {}) for name, service in read.items()}


def variables() -> dict[str, set[str]]:
    """Variable → the defaults that are written beside it."""
    found: dict[str, set[str]] = {}
    for name, default in VARIABLE.findall(TEXT):
        if name:
            found.setdefault(name, set()).add(default)
    return found


def env_example() -> dict[str, str]:
    """What .env.example says."""
    lines = (line for line in ENV_EXAMPLE.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def of_profiles(*active: str) -> set[str]:
    """The services that run with these profiles."""
    return {
        name
        for name, service in SERVICES.items()
        if "profiles" not in service or set(active) & set(service["profiles"])
    }


def mounted(service: Service, path: str) -> str | None:
    """What of this folder is at `path` of the container, from the root; None for what is not."""
    for volume in service.get("volumes", []):
        source, target = volume.split(":")[:2]
        if source.startswith("./") and (path == target or path.startswith(target + "/")):
            return str(source + path.removeprefix(target))
    return None


def _filled(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, environ) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, environ) for item in value]
    if not isinstance(value, str):
        return value
    # As :- has it: the default also in the place of an empty value.
    return VARIABLE.sub(lambda m: (environ.get(m[1]) or m[2]) if m[1] else "$", value)


SERVICES = services()
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("touchline")]
