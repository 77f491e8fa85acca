"""What `touchline up` cannot do is said before anything is started; servers alone can be had."""

import signal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from confluent_kafka.admin import AdminClient

from flows.commands.up import command
from flows.local import stack
from flows.local.data_dir import DataDir
from flows.local.ports import loopback_port
from flows.settings import Settings, read_settings
from tests.flows.running_up import listens, ready, up


def refused(folder: Path, *options: str, **environment: str) -> Result:
    result = CliRunner().invoke(
        command, [*options, "--data-dir", str(folder / "data")], env=environment
    )
    assert result.exit_code != 0
    assert not (folder / "data").exists()
    return result


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--demo", "--rate", "nan"], "nan is not a finite number"),
        (["--demo", "--rate", "inf"], "'--rate': inf is not in the range"),
        (["--for", "nan"], "'--for': nan is not a finite number"),
        (["--demo", "--customers", "100000000"], "is not in the range 1<=x<=10000000"),
        (["--partitions", "256"], "'--partitions': 256 is not in the range 1<=x<=128"),
        (
            ["--kafka-port", "30111", "--redis-port", "30111"],
            "--kafka-port and --redis-port: expected different ports, got 30111 for both",
        ),
        (
            ["--metrics-port", "30111", "--decide-port", "30111"],
            "--metrics-port and --decide-port: expected different ports, got 30111 for both",
        ),
        (["--servers-only", "--demo"], "--servers-only: expected none of --demo"),
        (["--servers-only", "--decide-port", "0"], "--servers-only: expected none of --demo"),
    ],
)
def test_options_that_cannot_be_met_are_wrong_usage(
    tmp_path: Path, options: list[str], said: str
) -> None:
    result = refused(tmp_path, *options)
    assert result.exit_code == 2
    assert said in result.stderr


def test_the_environments_partitions_are_limited_as_the_options_are(tmp_path: Path) -> None:
    result = refused(tmp_path, TOUCHLINE_PARTITIONS="129")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: TOUCHLINE_PARTITIONS: expected at most 128")


@pytest.mark.parametrize("by_option", [True, False])
def test_a_wrong_playbook_is_told_by_its_lines_alone(tmp_path: Path, by_option: bool) -> None:
    playbook = tmp_path / "wrong.yaml"
    playbook.write_text("titel: none\n")
    if by_option:
        result = refused(tmp_path, "--playbook", str(playbook))
    else:
        result = refused(tmp_path, TOUCHLINE_PLAYBOOK=str(playbook))
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert lines
    assert all(line.startswith(f"{playbook}:") for line in lines)


@pytest.mark.usefixtures("kafka", "redis_url")
def test_servers_alone_are_told_as_lines_to_export(tmp_path: Path) -> None:
    with up(tmp_path, "--servers-only", "--partitions", "3") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        told = dict(line.split()[1].split("=") for line in lines[1:4])
        settings = read_settings(told)
        assert listens(settings.redis_url)
        admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers})
        topic = admin.list_topics(timeout=5).topics["touchpoints.click"]
        assert len(topic.partitions) == settings.partitions == 3
        assert lines[4].endswith(" run touchpoints\n")
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "stopping ...\n"
    assert process.returncode == 0
    assert {log.name for log in (tmp_path / ".touchline" / "logs").iterdir()} == {
        "kafka.log",
        "redis.log",
    }


@pytest.mark.usefixtures("kafka", "redis_url")
def test_servers_alone_have_no_metrics_in_json(tmp_path: Path) -> None:
    with up(tmp_path, "--servers-only", "--json", "--for", "0.1") as process:
        where = ready(process)
        out, err = process.communicate()
    assert where["metrics_urls"] == {}
    assert where["redis_url"].startswith("redis://")
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.usefixtures("kafka", "redis_url")
def test_as_many_partitions_as_are_allowed_can_be_had(tmp_path: Path) -> None:
    most = {"TOUCHLINE_PARTITIONS": "128"}
    with up(tmp_path, "--servers-only", "--json", "--for", "0.1", env=most) as process:
        where = ready(process)
        admin = AdminClient({"bootstrap.servers": where["bootstrap_servers"]})
        topic = admin.list_topics("touchpoints.click", timeout=5).topics["touchpoints.click"]
        assert len(topic.partitions) == 128
        assert process.communicate()[1] == ""
    assert process.returncode == 0


@pytest.mark.usefixtures("kafka", "redis_url")
def test_kafka_leaves_its_usual_port_to_who_asked_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = loopback_port(0, "")
    monkeypatch.setattr(stack, "USUAL_KAFKA", usual)
    with DataDir(tmp_path / "data") as folder:
        servers = stack.Stack(folder, Settings(), stack.Plan(redis_port=usual), lambda: False)
        try:
            servers.start_services()
            where = servers.ready({})
        finally:
            servers.stop()
    assert where.redis_url.startswith(f"redis://127.0.0.1:{usual}/")
    assert not where.bootstrap_servers.endswith(f":{usual}")
