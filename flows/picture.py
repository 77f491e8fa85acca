"""The picture in the README, drawn from the dataflows themselves: `python -m flows.picture`."""

from collections.abc import Iterator
from typing import Any, cast

import click
from bytewax.dataflow import Dataflow
from bytewax.visualize import RenderedOperator, RenderedPort, to_rendered

from connectors.kafka.topics import (
    ACTIONS,
    DEAD_LETTER,
    DECIDED,
    ENRICHED,
    FORWARD,
    channel_topic,
)
from connectors.warehouse.tables import TABLES
from flows import touchpoints, warehouse
from flows.settings import Settings


def _nothing(*_args: Any, **_options: Any) -> Any:
    return _nothing


class _Unconnected:
    """Stands where a processor or loader does, since building a flow connects nothing."""

    def __getattr__(self, _name: str) -> Any:
        return _Unconnected() if _name == "execution" else _nothing


def mermaid() -> str:
    """Both dataflows between their topics, Redis and tables, as a Mermaid flowchart."""
    return "\n".join(["flowchart LR", *(f"    {line}" for line in _lines())])


def _lines() -> Iterator[str]:
    main = touchpoints.build(cast(Any, _Unconnected()))
    loading = warehouse.build(cast(Any, _Unconnected()))
    for channel in Settings().channels:
        yield f"{channel}([{channel_topic(channel)}]) --> touchpoints.consume"
    yield from _flow(main)
    yield "touchpoints.commit --> redis[(Redis: profiles, fences, offers)]"
    for number, topic in enumerate((ENRICHED, ACTIONS, DEAD_LETTER)):
        yield f"touchpoints.commit --> out{number}([{topic}])"
    yield f"touchpoints.commit --> forward([{FORWARD}]) --> touchpoints.consume"
    yield f"redis --> decide[run decide] --> decided([{DECIDED}]) --> touchpoints.consume"
    yield "redis --> service[personalization service]"
    for number in range(2):
        yield f"out{number} --> warehouse.consume"
    yield from _flow(loading)
    for table in TABLES:
        yield f"warehouse.append --> table_{table.name}[(Delta table {table.name})]"


def _flow(flow: Dataflow) -> Iterator[str]:
    steps = to_rendered(flow).substeps
    yield f'subgraph {flow.flow_id}["flows/{flow.flow_id}.py"]'
    yield "    direction LR"
    owners = {port.port_id: step for step in steps for port in _ports(step)}
    for step in steps:
        yield f"    {step.step_id}[{step.step_name}]"
        for port in step.inp_ports:
            for origin in port.from_port_ids:
                yield f"    {owners[origin].step_id} --> {step.step_id}"
    yield "end"


def _ports(step: RenderedOperator) -> Iterator[RenderedPort]:
    yield from step.out_ports
    for inside in step.substeps:
        yield from _ports(inside)


if __name__ == "__main__":
    click.echo(mermaid())
