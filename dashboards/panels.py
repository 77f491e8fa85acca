"""Panels of one kind each. All take what every panel must say: title, meaning, unit, where to look
next, and what stands there when there is nothing to show."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard as model
from msgspec import Struct

SOURCE: Final = model.DataSourceRef("prometheus", "prometheus")
"""Named in grafana/provisioning/datasources/prometheus.yml."""

GOOD, WARN, BAD, PLAIN = "green", "orange", "red", "blue"

Panel: TypeAlias = Builder[model.Panel]
Query = tuple[str, str]
"""PromQL, and the legend: text with {{label}} in it."""


class Steps(Struct, frozen=True):
    """Colours: `first` from below, then each step's from its value on, in the panel's unit."""

    first: str
    later: tuple[tuple[float, str], ...] = ()


CALM: Final = Steps(PLAIN)
"""No value is better than another."""
ANY_IS_BAD: Final = Steps(GOOD, ((1, BAD),))
NONE_IS_BAD: Final = Steps(BAD, ((1, GOOD),))

UP_OR_DOWN: Final = {"0": ("down", BAD), "1": ("up", GOOD)}
"""Value → what stands in its place, and in which colour."""


def number(
    title: str,
    means: str,
    *queries: Query,
    unit: str,
    look: str,
    empty: str,
    steps: Steps = CALM,
    words: dict[str, tuple[str, str]] | None = None,
    names: bool = False,
    width: int = 4,
) -> Panel:
    """What is now, large; `names` shows each series' name and not its value."""
    panel = (
        stat.Panel()
        .title(title)
        .description(_description(means, look))
        .datasource(SOURCE)
        .unit(unit)
        .no_value(empty)
        .thresholds(_thresholds(steps))
        .mappings(_mappings(words or {}))
        .color_mode(looks.BigValueColorMode.VALUE)
        .graph_mode(looks.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .span(width)
        .height(4)
    )
    if names:
        panel.text_mode(looks.BigValueTextMode.NAME)
    for target in _targets(queries, instant=True):
        panel.with_target(target)
    return panel


def lines(
    title: str,
    means: str,
    *queries: Query,
    unit: str,
    look: str,
    empty: str,
    steps: Steps | None = None,
    stack: looks.StackingMode = looks.StackingMode.NONE,
    below_0: bool = False,
    width: int = 12,
) -> Panel:
    """What was, over time. `steps` are drawn across as dashed lines; `stack` piles the series up,
    to their sum (NORMAL) or to 100 % (PERCENT); `below_0` when values can be."""
    piled = stack is not looks.StackingMode.NONE
    panel = (
        timeseries.Panel()
        .title(title)
        .description(_description(means, look))
        .datasource(SOURCE)
        .unit(unit)
        .no_value(empty)
        .fill_opacity(40 if piled else 0)
        .stacking(common.StackingConfig().mode(stack).group("A"))
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(looks.LegendDisplayMode.TABLE)
            .placement(looks.LegendPlacement.RIGHT)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(
            common.VizTooltipOptions()
            .mode(looks.TooltipDisplayMode.MULTI)
            .sort(looks.SortOrder.DESCENDING)
        )
        .span(width)
        .height(8)
    )
    if not below_0:
        panel.min(0)
    if steps:
        panel.thresholds(_thresholds(steps)).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(looks.GraphTresholdsStyleMode.DASHED)
        )
    for target in _targets(queries, instant=False):
        panel.with_target(target)
    return panel


def _description(means: str, look: str) -> str:
    return f"{means} Look next: {look}."


def _targets(queries: Sequence[Query], *, instant: bool) -> list[prometheus.Dataquery]:
    made = []
    for place, (expression, legend) in enumerate(queries):
        query = prometheus.Dataquery().expr(expression).legend_format(legend)
        query.ref_id(chr(ord("A") + place)).datasource(SOURCE)
        made.append(query.instant() if instant else query.range())
    return made


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    lowest = model.Threshold(None, steps.first)
    rest = [model.Threshold(value, colour) for value, colour in steps.later]
    config = dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE)
    return config.steps([lowest, *rest])


def _mappings(words: dict[str, tuple[str, str]]) -> list[model.ValueMapping]:
    if not words:
        return []
    options = {
        value: model.ValueMappingResult(text=text, color=colour, index=place)
        for place, (value, (text, colour)) in enumerate(words.items())
    }
    return [model.ValueMap(options=options)]
