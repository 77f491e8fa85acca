"""Commands that look at what runs find the `touchline up` of this folder by themselves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs

from flows.commands.nearby import nearby_settings
from flows.local.data_dir import DataDir, addresses_of
from flows.local.next_steps import next_commands
from flows.local.stack import Ready
from flows.settings import Settings

TOLD = {
    "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:29092",
    "TOUCHLINE_REDIS_URL": "redis://127.0.0.1:26379/0",
    "TOUCHLINE_WAREHOUSE_URL": "/somewhere/warehouse",
    "TOUCHLINE_PARTITIONS": "4",
}
OF_UP = structs.replace(
    Settings(),
    kafka_bootstrap_servers="127.0.0.1:29092",
    redis_url="redis://127.0.0.1:26379/0",
    warehouse_url="/somewhere/warehouse",
    partitions=4,
)


def test_servers_of_an_up_that_runs_are_found_where_none_are_named(tmp_path: Path) -> None:
    with DataDir(tmp_path) as folder:
        folder.tell(TOLD)
        assert nearby_settings(None, environ={}, folder=tmp_path) == OF_UP


@pytest.mark.parametrize("name", [name for name in TOLD if name != "TOUCHLINE_PARTITIONS"])
def test_one_server_named_by_a_variable_keeps_all_of_an_up_away(name: str, tmp_path: Path) -> None:
    with DataDir(tmp_path) as folder:
        folder.tell(TOLD)
        found = nearby_settings(environ={name: TOLD[name]}, folder=tmp_path)
        of_others = nearby_settings("named by an option", environ={}, folder=tmp_path)
    differing = [f for f in Settings.__struct_fields__ if getattr(found, f) != getattr(OF_UP, f)]
    assert len(differing) == 3
    assert of_others == Settings()


def test_other_settings_of_the_environment_stand(tmp_path: Path) -> None:
    with DataDir(tmp_path) as folder:
        folder.tell(TOLD)
        found = nearby_settings(environ={"TOUCHLINE_PARTITIONS": "8"}, folder=tmp_path)
    assert found == structs.replace(OF_UP, partitions=8)


def test_an_up_that_has_ended_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with DataDir(Path(".touchline")) as folder:
        folder.tell(TOLD)
        assert addresses_of(folder.path) == TOLD
    assert addresses_of(folder.path) == {}
    left = structs.replace(Settings(), warehouse_url=".touchline/warehouse")
    assert nearby_settings(environ={}) == left
    Path("warehouse").mkdir()
    assert nearby_settings(environ={}) == Settings()


def test_an_up_that_was_killed_is_not_asked(tmp_path: Path) -> None:
    code = (
        "import pathlib; from flows.local.data_dir import DataDir;"
        "DataDir(pathlib.Path('.')).__enter__().tell({'TOUCHLINE_PARTITIONS': '4'});"
        "import os; os._exit(9)"
    )
    here = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(here)}, check=False
    )
    assert (tmp_path / "addresses.json").exists()
    assert addresses_of(tmp_path) == {}


@pytest.mark.parametrize("text", ["", "no number\n", "9" * 400])
def test_a_lock_that_names_no_process_is_nobodys(text: str, tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(text)
    (tmp_path / "addresses.json").write_text("{}")
    assert addresses_of(tmp_path) == {}


def test_addresses_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(f"{os.getpid()}\n")
    (tmp_path / "addresses.json").write_text('{"TOUCHLINE_')
    assert addresses_of(tmp_path) == {}


def test_the_next_steps_name_servers_only_where_they_are_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def steps(folder: Path) -> list[str]:
        urls = {"touchpoints": "http://127.0.0.1:1/metrics"}
        warehouse = str(folder / "warehouse")
        ready = Ready("127.0.0.1:2", "redis://127.0.0.1:3/0", urls, warehouse, str(folder))
        return next_commands(ready, "touchline", "ann")[:2]

    assert steps(tmp_path / ".touchline") == ["touchline customer ann", "touchline tail"]
    assert steps(tmp_path / "other") == [
        "touchline customer ann --redis-url redis://127.0.0.1:3",
        "touchline tail --bootstrap-servers 127.0.0.1:2",
    ]
