"""Settings come from the environment alone, and a wrong one is told apart from a right one."""

import pytest

from connectors.kafka.topics import PREFIX, all_topics
from connectors.published.schema_asyncapi import document
from flows.settings import PARSERS, Settings, SettingsError, read_settings


def test_without_any_variable_the_defaults_hold() -> None:
    assert read_settings({"PATH": "/bin"}) == Settings()


def test_each_variable_fills_its_setting() -> None:
    settings = read_settings(
        {
            "TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS": "a:1,b:2",
            "TOUCHLINE_REDIS_URL": "rediss://user:secret@host:6380/1",
            "TOUCHLINE_CHANNELS": "click, store",
            "TOUCHLINE_PARTITIONS": "4",
            "TOUCHLINE_FAIL_FAST": "yes",
        }
    )
    assert settings.kafka_config == {"bootstrap.servers": "a:1,b:2"}
    assert settings.redis_url == "rediss://user:secret@host:6380/1"
    assert settings.channels == ("click", "store")
    assert (settings.partitions, settings.fail_fast) == (4, True)


def test_other_kafka_variables_are_passed_on_as_librdkafka_options() -> None:
    settings = read_settings(
        {
            "TOUCHLINE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "TOUCHLINE_KAFKA_SASL_USERNAME": "shop",
        }
    )
    assert settings.kafka_config == {
        "bootstrap.servers": "127.0.0.1:9092",
        "security.protocol": "SASL_SSL",
        "sasl.username": "shop",
    }


def test_every_setting_can_be_told_by_a_variable() -> None:
    assert set(PARSERS) == set(Settings.__struct_fields__) - {"kafka"}


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("TOUCHLINE_PARTITIONS", "many", "a whole number from 1 to 1024, got 'many'"),
        ("TOUCHLINE_PARTITIONS", "0", "a whole number from 1 to 1024, got '0'"),
        ("TOUCHLINE_KAFKA_BOOTSTRAP_SERVERS", "host", "host:port"),
        ("TOUCHLINE_CHANNELS", "click,click", "different names"),
        (
            "TOUCHLINE_CHANNELS",
            "click,actions",
            "enriched, actions, deadLetter, forward, replayed, broadcast, decided, got",
        ),
        ("TOUCHLINE_FAIL_FAST", "maybe", "1 or 0, got 'maybe'"),
        ("TOUCHLINE_PLAYBOOK", " ", "the path of a playbook file"),
        ("TOUCHLINE_REDIS_URL", "redis://host/abc", "a database's number"),
        ("TOUCHLINE_WAREHOUSE_URL", "foo://bar/baz", "a folder, or an address with one of"),
        ("TOUCHLINE_WAREHOUSE_URL", "s3://me:secret@bucket", "without a password"),
        ("TOUCHLINE_FLUSH_EVENTS", "8000", "a whole number from 1 to 5000, got '8000'"),
    ],
)
def test_a_wrong_one_says_which_what_was_expected_and_what_came(
    variable: str, text: str, expected: str
) -> None:
    with pytest.raises(SettingsError, match=variable) as raised:
        read_settings({variable: text})
    assert expected in str(raised.value)
    assert "secret" not in str(raised.value)


def test_no_channel_may_be_named_as_a_topic_out() -> None:
    outputs = {topic.name.removeprefix(PREFIX) for topic in all_topics(())}
    for name in outputs | set(document((), 1, "1")["channels"]):
        with pytest.raises(SettingsError, match="TOUCHLINE_CHANNELS"):
            read_settings({"TOUCHLINE_CHANNELS": f"click,{name}"})


@pytest.mark.parametrize(
    "url",
    ["./here", "/there", "s3://bucket/here", "abfss://box@me.example/here", "file:///there"],
)
def test_a_warehouse_is_a_folder_or_an_object_store(url: str) -> None:
    assert read_settings({"TOUCHLINE_WAREHOUSE_URL": url}).warehouse_url == url


def test_processes_share_all_shards_and_none_twice() -> None:
    settings = Settings(partitions=16)
    taken = [shard for n in range(1, 6) for shard in settings.shards_of((n, 5))]
    assert sorted(taken) == list(range(16))
    assert settings.shards_of((2, 8)) == range(1, 16, 8)
    with pytest.raises(SettingsError, match="--worker 17/20: expected at most 16 processes"):
        settings.shards_of((17, 20))


def test_a_misspelt_variable_is_named_and_the_right_ones_are_listed() -> None:
    with pytest.raises(SettingsError, match=r"TOUCHLINE_REDIS: expected one of .*REDIS_URL"):
        read_settings({"TOUCHLINE_REDIS": "redis://127.0.0.1"})


def test_a_wrong_url_is_not_repeated_since_it_may_hold_a_password() -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({"TOUCHLINE_REDIS_URL": "http://user:secret@host"})
    assert "secret" not in str(raised.value)
