"""Values of options that several subcommands take."""

import math
import os
import re
from typing import Any

import click

MOST_PER_S = 1_000_000
LEAST_PER_S = 0.001
"""Simulated events: at fewer, the time of the next one is soon beyond what a date can say."""


class FiniteRange(click.FloatRange):
    """Numbers of a range. Neither nan, which is in every range, nor inf."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; click's usual complaint about another."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


AGE = re.compile(r"(\d{1,5})([smhd])")
UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def age(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | None:
    """An option's callback: milliseconds of a duration such as 90s, 30m, 12h or 7d."""
    if text is None:
        return None
    found = AGE.fullmatch(text)
    if not found or not int(found[1]):
        raise click.BadParameter(f"expected a duration such as 90s, 10m, 12h or 7d, got {text!r}")
    return int(found[1]) * UNIT_MS[found[2]]


TIMES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ")
"""How click.DateTime is told a date or a time in UTC."""
SECONDS = FiniteRange(min=0, min_open=True)
CUSTOMERS = click.IntRange(1, 10_000_000)
"""A simulated population is held in memory."""


class FilledPath(click.Path):
    """Paths that are not empty: click makes of an empty one the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; click's usual complaint about another."""
        if not os.fspath(value).strip():
            self.fail("expected a path, got nothing; name one.", param, ctx)
        return super().convert(value, param, ctx)


def kafka_servers(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str | None:
    """An option's callback: `text`, when it is one or more addresses of Kafka."""
    from flows.settings import PARSERS  # noqa: PLC0415 - a help text does not need it

    parse, expected = PARSERS["kafka_bootstrap_servers"]
    try:
        return None if text is None else str(parse(text))
    except ValueError:
        raise click.BadParameter(f"expected {expected}, got {text!r}") from None


def warehouse_address(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str | None:
    """An option's callback: `text`, when it is an address of a warehouse."""
    from flows.settings import PARSERS  # noqa: PLC0415 - a help text does not need it

    parse, expected = PARSERS["warehouse_url"]
    try:
        return None if text is None else str(parse(text))
    except ValueError:
        # Not what came: that may hold a password.
        raise click.BadParameter(f"expected {expected}") from None


def redis_url(_ctx: click.Context, _param: click.Parameter, url: str | None) -> str | None:
    """An option's callback: `url`, when it is an address of Redis."""
    from flows.clients import redis_trouble  # noqa: PLC0415 - 0.2 s that no help text needs

    if url is not None and (trouble := redis_trouble(url)):
        raise click.BadParameter(trouble)
    return url
