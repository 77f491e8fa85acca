"""One board: its rows of panels, the variables `flow` and `channel`, links to the others."""

import json
from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model
from msgspec import Struct

from dashboards.panels import SOURCE, Panel

TAG: Final = "touchline"

VARIABLES: Final = {
    "flow": ("Flow", 'label_values(up{job="touchline"}, flow)'),
    "channel": ("Channel", "label_values(touchline_events_total, channel)"),
}
"""Name → label, and the query for its values. Each starts with all of them."""


class Row(Struct, frozen=True):
    """Panels under one heading, from left to right, 24 columns wide."""

    title: str
    panels: Sequence[Panel]


class Board(Struct, frozen=True):
    """A board to be written."""

    name: str
    """Of its file, and of its uid, which stays the same for ever: links name it."""
    title: str
    description: str
    rows: Sequence[Row]

    def text(self) -> str:
        """The file for Grafana: JSON, the same for the same board."""
        made = json.dumps(self._built(), cls=JSONEncoder, indent=2, sort_keys=True)
        return made + "\n"

    def _built(self) -> model.Dashboard:
        board = (
            dashboard.Dashboard(f"Touchline: {self.title}")
            .uid(f"touchline-{self.name}")
            .description(self.description)
            .tags([TAG])
            .readonly()
            .refresh("5s")
            .time("now-15m", "now")
            .tooltip(model.DashboardCursorSync.CROSSHAIR)
            .link(_to_the_others())
        )
        for name in VARIABLES:
            board.with_variable(_variable(name))
        for row in self.rows:
            board.with_row(dashboard.Row(row.title))
            for panel in row.panels:
                board.with_panel(panel)
        built = board.build()
        for place, item in enumerate(built.panels or []):
            item.id_val = place + 1
        return built


def _variable(name: str) -> dashboard.QueryVariable:
    label, query = VARIABLES[name]
    return (
        dashboard.QueryVariable(name)
        .id(name)
        .label(label)
        .datasource(SOURCE)
        .query({"query": query, "refId": name})
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")  # also what has no value yet
        .current(model.VariableOption(selected=True, text="All", value="$__all"))
    )


def _to_the_others() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("Touchline").type(model.DashboardLinkType.DASHBOARDS)
    return link.tags([TAG]).include_vars(True).keep_time(True)
