"""`touchline explain` says of each offer where it stands, and changes nothing."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from connectors.kafka.murmur2 import partition_of
from flows.commands.explain import command
from flows.processor.world import encode_listed
from state.product import Listed, Product
from state.profile import Profile, encode_profile
from state.store.keys import offers_key, shard_keys
from tests.decisions.offering.shop import HEAD, answer, offer
from tests.decisions.someone import Someone, book

BOOK = (
    HEAD
    + "segments: {buyer: {title: Buyer, when: profile.orders.count > 0}}\noffers:\n"
    + "\n".join(
        [
            offer("club", 9, "eligible: '\"buyer\" in segments', purpose: service"),
            offer("tea", 4, "purpose: service, cooldown: 10d"),
            offer("cake", 3, "purpose: service"),
            offer("mails", 2, "purpose: letters", "inbox: email"),
        ]
    )
    + "\npurposes: {service: granted, letters: withdrawn}\n"
)


@pytest.fixture
def playbook(tmp_path: Path) -> str:
    """A file with BOOK in it."""
    path = tmp_path / "playbook.yaml"
    path.write_text(BOOK)
    return str(path)


@pytest.fixture
def ann() -> Someone:
    """She has dismissed the tea."""
    ann = Someone(book(BOOK, ""), "ann")
    ann.does("Page Viewed")
    answer(ann, "Dismissed", "tea")
    return ann


@pytest.fixture
def redis_url(fresh_redis: str, ann: Someone) -> str:
    """The address of a Redis in which `ann` is known."""
    with Redis.from_url(fresh_redis) as redis:
        keep(redis, ann.profile)
    return fresh_redis


def keep(redis: "Redis", profile: Profile) -> None:
    redis.set(shard_keys(partition_of("ann", 16)).profile_prefix + b"ann", encode_profile(profile))
    redis.set(offers_key("ann"), "{}")


def explain(url: str, playbook: str, *arguments: str) -> Result:
    given = ("ann", "--redis-url", url, "--playbook", playbook, *arguments)
    return CliRunner().invoke(command, given, env={"TOUCHLINE_PARTITIONS": "16"})


def test_each_offer_is_told_with_its_stage_and_reasons(redis_url: str, playbook: str) -> None:
    done = explain(redis_url, playbook, "--at", "2026-02-02T02:50:00Z", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["customer_id"], told["at"]) == ("ann", "2026-02-02T02:50:00.000Z")
    stages = {one["offer"]: (one["stage"], one["reasons"]) for one in told["offers"]}
    assert stages["club"] == (
        "eligible",
        [
            '"buyer" in segments is false',
            "profile.orders.count > 0 is false: profile.orders.count = 0",
        ],
    )
    rests = "left alone for 10 days, until 2026-02-12T02:40:02.000Z"
    assert stages["tea"] == ("answered", [f"dismissed at 2026-02-02T02:40:02.000Z: {rests}"])
    assert stages["cake"] == ("served", ["it is for everyone"])
    assert stages["mails"][0] == "consent"
    (cake,) = [one for one in told["offers"] if one["offer"] == "cake"]
    (weighed,) = cake["treatments"]
    assert (weighed["rank"], weighed["score"], weighed["terms"]) == (1, 3.0, "value 3")
    assert re.fullmatch("[0-9a-f]{32}", cake["decision_id"])


def test_in_words_the_served_ones_stand_first(redis_url: str, playbook: str) -> None:
    done = explain(redis_url, playbook, "--at", "2026-02-02T02:50:00Z")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("ann at 2026-02-02T02:50:00.000Z, by the playbook of version ")
    assert [line for line in lines if re.match(r"\w+: ", line)] == [
        "cake: cake",
        "tea: tea",
        "club: club",
        "mails: mails",
    ]
    assert "    rank 1 in home on click: value 3 = 3" in lines


def test_a_later_time_is_as_if_nothing_had_happened_before(redis_url: str, playbook: str) -> None:
    done = explain(redis_url, playbook, "--at", "2026-02-12T02:40:02Z", "--offer", "tea", "--json")
    (tea,) = json.loads(done.stdout)["offers"]
    assert (tea["stage"], tea["decision_id"]) == ("served", None)


def test_what_is_sold_out_is_told_with_the_stock_that_the_shard_knows(
    redis_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "products.yaml"
    path.write_text(
        HEAD
        + "offers:\n"
        + "\n".join([offer("set", 9, "products: [tent, mat]"), offer("tent", 1, "products: tent")])
        + "\n"
    )
    says = {"tent": Product("tents", 120.0, 3), "mat": Product("mats", 30.0, 0)}
    with Redis.from_url(redis_url) as redis:
        redis.hset(
            shard_keys(partition_of("ann", 16)).products,
            mapping={name: encode_listed(Listed("t", 1, said)) for name, said in says.items()},
        )
    done = explain(redis_url, str(path), "--at", "2026-02-02T02:50:00Z", "--json")
    told = {
        one["offer"]: (one["stage"], one["reasons"]) for one in json.loads(done.stdout)["offers"]
    }
    assert told["set"] == ("stock", ["product mat is sold out: its stock is 0"])
    assert told["tent"][0] == "served"


def test_whom_it_interests_is_told_with_the_category_that_the_shard_knows(
    redis_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "categories.yaml"
    tent = offer("tent", 1, "products: tent, topics_of_products: true")
    path.write_text(f"{HEAD}offers:\n{tent}\ninterests: '[\"cooking\"]'\n")
    with Redis.from_url(redis_url) as redis:
        key = shard_keys(partition_of("ann", 16)).products
        redis.hset(key, "tent", encode_listed(Listed("t", 1, Product("camping"))))
    done = explain(redis_url, str(path), "--at", "2026-02-02T02:50:00Z", "--json")
    (told,) = json.loads(done.stdout)["offers"]
    assert told["stage"] == "interest"
    assert told["reasons"] == ["it is about camping; the customer declared cooking"]


def test_another_playbook_is_asked_anew_with_its_own_segments(
    redis_url: str, tmp_path: Path
) -> None:
    other = tmp_path / "next.yaml"
    other.write_text(BOOK.replace("profile.orders.count > 0", "profile.sessions.count > 0"))
    done = explain(redis_url, str(other), "--at", "2026-02-02T02:50:00Z", "--offer", "club")
    assert "  served" in done.stdout.splitlines()
    assert "the flow decided last with another one: " in done.stdout
    assert "decision " not in done.stdout  # none has been made for it


def test_to_explain_changes_nothing_that_is_kept(redis_url: str, playbook: str) -> None:
    def kept() -> dict[bytes, bytes | None]:
        with Redis.from_url(redis_url) as redis:
            return {key: redis.dump(key) for key in redis.scan_iter("*")}

    before = kept()
    assert len(before) >= 2
    for arguments in ((), ("--json",), ("--at", "2026-03-02"), ("--offer", "cake")):
        assert explain(redis_url, playbook, *arguments).exit_code == 0
    assert kept() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--offer", "teaa"), "one of club, tea, cake, mails, got 'teaa'; did you mean 'tea'?"),
        (("--at", "2026-02-01"), "not before the last decision, 2026-02-02T02:40:02.000Z"),
    ],
)
def test_what_cannot_be_explained_is_said(
    redis_url: str, playbook: str, arguments: tuple[str, ...], said: str
) -> None:
    done = explain(redis_url, playbook, *arguments)
    assert done.exit_code == 1
    assert said in done.stderr


def test_somebody_unknown_a_wrong_playbook_and_a_wrong_time_are_said(
    redis_url: str, playbook: str, tmp_path: Path
) -> None:
    runner, env = CliRunner(), {"TOUCHLINE_PARTITIONS": "16"}
    base = ["--redis-url", redis_url]
    done = runner.invoke(command, ["bob", "--playbook", playbook, *base], env=env)
    assert (done.exit_code, "nothing is known of 'bob'" in done.stderr) == (1, True)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("offers: 7")
    done = runner.invoke(command, ["ann", "--playbook", str(wrong), *base], env=env)
    assert (done.exit_code, f"{wrong}:1:" in done.stderr) == (1, True)
    assert explain(redis_url, playbook, "--at", "tomorrow").exit_code == 2
