"""`touchline experiments ls`: each experiment and control."""

import click
import orjson

from decisions.experimenting.judge import usual_reference
from flows.commands.experiments.opening import opened, playbook_option
from flows.commands.phrases import count

HEADINGS = ("experiment", "salt", "arms")


@click.command("ls", context_settings={"help_option_names": ["-h", "--help"]})
@playbook_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def command(playbook: str | None, as_json: bool) -> None:
    """List experiments and controls: the salt that deals the customers, the arms, and how many of
    all customers are in each. Who is in none takes no part.

    Exit codes: 0 shown, 1 a wrong playbook or wrong settings, 2 wrong options.

    \b
    Examples:
      touchline experiments
      touchline experiments --playbook next.yaml --json
    """
    found = opened(playbook, as_json=as_json).experiments.values()
    if as_json:
        listed = [
            {
                "experiment": one.id,
                "salt": one.salt,
                "arms": dict(one.arms),
                "reference": usual_reference(one),
            }
            for one in found
        ]
        click.echo(orjson.dumps({"experiments": listed}))
        return
    rows = [
        (one.id, one.salt, ", ".join(f"{arm} {share} %" for arm, share in one.arms))
        for one in found
    ]
    wide = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    for name, salt, arms in (HEADINGS, *rows):
        click.echo(f"{name:<{wide[0]}}  {salt:<{wide[1]}}  {arms}")
    click.echo(count(len(rows), "experiment"))
