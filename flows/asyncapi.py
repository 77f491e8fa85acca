"""The AsyncAPI document of what this environment's settings say: `python -m flows.asyncapi`."""

from importlib.metadata import version
from io import StringIO

import click
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from connectors.published.schema_asyncapi import document
from flows.settings import Settings, SettingsError, read_settings


class _Representer(SafeRepresenter):
    """Texts of several lines as blocks; equal parts in full each time."""

    def ignore_aliases(self, data: object) -> bool:
        """No anchors: many readers of AsyncAPI show them as they stand."""
        return True


def _text(representer: SafeRepresenter, text: str) -> ScalarNode:
    style = "|" if "\n" in text else None
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Representer.add_representer(str, _text)


def asyncapi(settings: Settings, product: str) -> str:
    """The document as YAML; `product` is the version that it describes."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # guessed from None
    yaml.width = 100
    out = StringIO()
    yaml.dump(document(settings.channels, settings.partitions, product), out)
    # A text that is wrapped leaves a space at the line's end, which folding would drop again.
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


if __name__ == "__main__":
    try:
        click.echo(asyncapi(read_settings(), version("touchline")), nl=False)
    except SettingsError as error:
        raise SystemExit(f"Error: {error}") from None
