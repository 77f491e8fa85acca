"""Running a dataflow with Bytewax the way this product does."""

import os
from datetime import timedelta

from bytewax.dataflow import Dataflow
from bytewax.run import cli_main


def execute(flow: Dataflow) -> None:
    """Run `flow` with one worker in this thread until its sources end.

    The steps must keep their exceptions to themselves: the engine turns one into a panic.
    """
    # Set at all, even to "0", it opens an unauthenticated server on all interfaces.
    os.environ.pop("BYTEWAX_DATAFLOW_API_ENABLED", None)
    # Nothing is recovered by the engine, so its epochs need not be short.
    cli_main(flow, workers_per_process=1, epoch_interval=timedelta(seconds=10))
