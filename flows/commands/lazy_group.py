"""A group of commands that are imported one by one when called: a module may need Kafka's client,
DuckDB or the Delta library, and to say what there is needs none of them."""

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """Its members live in one package, a module each, as `command`."""

    def __init__(
        self, *args: Any, package: str, members: Mapping[str, str], named: str = "", **kwargs: Any
    ) -> None:
        """`members`: name → what it does, in the order of the help. `named`: the member that is
        meant where the first word is the name of something else; then `ls` is where there is none.
        """
        super().__init__(*args, **kwargs)
        self._package = package
        self._members = members
        self._named = named

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """With the member that is meant in front."""
        if self._named:
            if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
                args = ["ls", *args]
            elif not args[0].startswith("-") and args[0] not in self._members:
                args = [self._named, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the help."""
        return list(self._members)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one; None for a name that is none."""
        if cmd_name not in self._members:
            return None
        module = importlib.import_module(f"{self._package}.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and their sentences, without importing a module."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._members.items()))
