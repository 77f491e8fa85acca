"""The `touchline` command; subcommands are imported when called, so that help is instant."""

import importlib

import click

COMMANDS = {
    "up": "Everything on this machine: Kafka, Redis, both flows, metrics.",
    "run": "One flow against configured servers.",
    "simulate": "A seeded population that writes events and answers offers.",
    "customer": "What is known of one customer.",
    "topics": "List, create and check the topics.",
    "check": "Validate a playbook and say in words what it holds.",
}


class Lazy(click.Group):
    """A group whose members live in flows/commands/, one module each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"flows.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="touchline")
def main() -> None:
    """Touchline: customer touchpoints in, the next best offer out, in real time."""


if __name__ == "__main__":
    main()
