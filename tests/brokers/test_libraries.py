"""Where Kafka's jars come from, with a stand-in for Maven."""

import os
from pathlib import Path

import pytest

from flows.local.services import MissingExtra
from tests.brokers.libraries import GOAL, java, libraries

FILLS = (
    'for word; do case "$word" in -DoutputDirectory=*) to="${word#*=}";; esac; done; mkdir "$to"'
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the jars go; not there yet."""
    target = tmp_path / "cache/kafka"
    monkeypatch.setenv("KAFKA_LIBRARIES", str(target))
    return target


def maven(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program mvn on PATH that runs `script`."""
    program = tmp_path / "bin/mvn"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def test_the_jars_are_fetched_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maven(f'{FILLS}; echo "$@" >> "$to/asked.jar"', tmp_path, monkeypatch)
    assert libraries() == libraries() == folder
    (asked,) = (folder / "asked.jar").read_text().splitlines()
    assert GOAL in asked
    assert list(folder.parent.iterdir()) == [folder]


def test_who_is_slower_takes_what_is_there(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f'mkdir "{folder}"; echo theirs > "{folder}/kafka.jar"'
    maven(f'{other}; {FILLS}; echo ours > "$to/kafka.jar"', tmp_path, monkeypatch)
    assert libraries() == folder
    assert (folder / "kafka.jar").read_text() == "theirs\n"
    assert list(folder.parent.iterdir()) == [folder]


def test_what_maven_could_not_get_is_told_and_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maven(f'{FILLS}; echo "[ERROR] no such host"; exit 1', tmp_path, monkeypatch)
    with pytest.raises(MissingExtra, match=r"could not get Apache Kafka .* no such host"):
        libraries()
    assert list(folder.parent.iterdir()) == []


def test_a_machine_without_maven_is_told_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingExtra, match="Debian has it in `maven`"):
        libraries()


def test_a_machine_without_java_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingExtra, match="Debian has it in `default-jre-headless`"):
        java()


def test_an_older_java_than_kafka_needs_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin/java"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(
        MissingExtra, match=r"is openjdk version .11\.0\.2.: Apache Kafka needs Java 17"
    ):
        java()
