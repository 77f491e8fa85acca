"""What `touchline up` is told wrongly is said in one sentence, before anything is started."""

import errno
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flows.commands.up import command


def up(folder: Path, *options: str, monkeypatch: pytest.MonkeyPatch) -> Result:
    """`touchline up` that is refused in `folder`, where it leaves nothing."""
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    result = CliRunner().invoke(command, options, env={"TOUCHLINE_PLAYBOOK": None})
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit), result.exception
    assert sorted(folder.rglob("*")) == before
    return result


@pytest.mark.parametrize("option", ["--data-dir", "--playbook"])
@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_path_is_not_the_current_folder(
    tmp_path: Path, option: str, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = up(tmp_path, option, empty, monkeypatch=monkeypatch)
    assert result.exit_code == 2
    assert f"'{option}': expected a path, got nothing" in result.stderr


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--rate", "200"], "--rate"),
        (["--customers", "7"], "--customers"),
        (["--servers-only", "--seed", "1"], "--seed"),
        (["--seed", "2", "--rate", "5"], "--rate, --seed"),
    ],
)
def test_simulated_customers_are_not_described_in_vain(
    tmp_path: Path, options: list[str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = up(tmp_path, *options, monkeypatch=monkeypatch)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(f"Error: {named}: expected --demo as well")


def test_a_playbook_that_is_not_there_is_told_with_the_ways_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = up(tmp_path, monkeypatch=monkeypatch)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(
        "playbooks/retail.yaml:1:1: the file; expected a playbook that can be read"
    )
    assert (
        "; name yours with --playbook or TOUCHLINE_PLAYBOOK, or `touchline check --sample" in line
    )


def test_a_playbook_that_is_there_and_wrong_is_told_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my.yaml").write_text("titel: none\n")
    result = up(tmp_path, "--playbook", "my.yaml", monkeypatch=monkeypatch)
    assert result.exit_code == 1
    assert "name yours" not in result.stderr


def test_a_data_directory_that_cannot_be_one_is_a_line_with_option_folder_and_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    playbook = Path(__file__).parents[2] / "playbooks" / "retail.yaml"
    file = tmp_path / "file"
    file.write_text("")
    options = ["--playbook", str(playbook), "--data-dir", str(file / "data")]
    result = up(tmp_path, *options, monkeypatch=monkeypatch)
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: --data-dir {file / 'data'}: expected a folder that can be made and written, got "
        f"{file}, which is no folder; mend that, or choose another one\n"
    )


def test_what_the_system_refuses_elsewhere_is_told_without_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    playbook = Path(__file__).parents[2] / "playbooks" / "retail.yaml"
    monkeypatch.setattr("flows.commands.up.serve", refuse)
    monkeypatch.chdir(tmp_path)
    options = ["--servers-only", "--data-dir", "data"]
    result = CliRunner().invoke(command, options, env={"TOUCHLINE_PLAYBOOK": str(playbook)})
    assert result.exit_code == 1
    assert result.stderr == "Error: this machine: Too many open files\n"
