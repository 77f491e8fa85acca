"""How Bytewax is run."""

import os
import socket

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource

from flows.engine import execute


@pytest.mark.parametrize("setting", ["1", "0", ""])
def test_the_engine_opens_no_server_whatever_its_own_variable_says(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BYTEWAX_DATAFLOW_API_ENABLED", setting)
    monkeypatch.setenv("BYTEWAX_DATAFLOW_API_PORT", str(free_port()))
    port = int(os.environ["BYTEWAX_DATAFLOW_API_PORT"])

    def answers(_: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    seen: list[bool] = []
    flow = Dataflow("probe")
    asked = op.map("ask", op.input("once", flow, TestingSource([1])), answers)
    op.output("note", asked, TestingSink(seen))
    execute(flow)
    assert seen == [False]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
