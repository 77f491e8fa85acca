"""The boards, one module each; `BOARDS` has them in the order of a look: overview first."""

from typing import Final

from dashboards.boards.customers import CUSTOMERS
from dashboards.boards.losses import LOSSES
from dashboards.boards.overview import OVERVIEW
from dashboards.boards.pipeline import PIPELINE

BOARDS: Final = (OVERVIEW, PIPELINE, CUSTOMERS, LOSSES)
