"""What becomes of runs when their journey is changed."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from decisions.journeys.written.earlier import read_journey
from decisions.load import load_playbook
from decisions.playbook import Playbook
from tests.decisions.journeys.test_journey_laws import definitions
from tests.decisions.journeys.traveller import Traveller, journeys, one
from tests.decisions.offering.shop import HEAD, offer
from tests.decisions.someone import DAY_MS, HOUR_MS, START_MS

T = START_MS
OLD = "[{id: a, wait: 2h}, {action: log, message: old}]"
NEW = "[{action: log, message: early}, {id: a, wait: HOURS}, {action: log, message: new}]"


def replaced(ann: Traveller, book: Playbook, *, known: bool = True) -> None:
    """Another playbook, and what is known of the one before."""
    before = ann.playbook.journeys
    ann.playbook = book
    if known:
        for journey in before.values():
            found = read_journey(journey.source, book)
            if found is not None:
                book.earlier[found.id, found.version] = found


def old() -> Traveller:
    ann = Traveller(one("event: Product Added", OLD))
    ann.does(T, "Product Added")
    return ann


def new(in_flight: str, hours: str = "2h") -> Playbook:
    return one(f"event: Product Added, in_flight: {in_flight}", NEW.replace("HOURS", hours))


def test_runs_finish_on_the_version_they_began_with() -> None:
    ann = old()
    replaced(ann, new("finish"))
    ann.does(T + 1, "Page Viewed")
    ann.until(T + DAY_MS)
    assert ann.told()[1:] == [(T + 2 * HOUR_MS, "old"), (T + 2 * HOUR_MS, "finished")]
    assert ann.bodies("journey.ended")[0]["version"] == ann.bodies("journey.started")[0]["version"]


def test_to_finish_is_what_holds_where_nothing_is_said() -> None:
    ann = old()
    replaced(ann, one("event: Product Added", NEW.replace("HOURS", "1h")))
    ann.until(T + DAY_MS)
    assert ann.told("log") == [(T + 2 * HOUR_MS, "old")]


@pytest.mark.parametrize(
    ("hours", "then"), [("3h", 3 * HOUR_MS), ("2h", 2 * HOUR_MS), ("1h", 90 * 60_000)]
)
def test_runs_move_to_the_step_of_the_same_id_and_wait_what_is_left(hours: str, then: int) -> None:
    ann = old()
    ann.until(T + 90 * 60_000 - 1)
    replaced(ann, new("move", hours))
    ann.does(T + 90 * 60_000, "Page Viewed")
    ann.until(T + DAY_MS)
    assert ann.told()[1:] == [(T + then, "new"), (T + then, "finished")]
    began, ended = ann.bodies("journey.started")[0], ann.bodies("journey.ended")[0]
    assert ended["run"] == began["run"]
    assert ended["version"] == ann.playbook.journeys["j"].version.hex() != began["version"]


def test_runs_move_when_time_alone_wakes_them_too() -> None:
    ann = old()
    replaced(ann, new("move", "3h"))
    ann.until(T + DAY_MS)
    assert ann.told("log") == [(T + 3 * HOUR_MS, "new")]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{id: a, action: log, message: at once}", ["at once", "new"]),
        ("{id: a, until: 'profile.orders.count == 0', timeout: 1d}", ["new"]),
        ("{id: a, if: profile.orders.count > 0, then: [end]}", ["new"]),
        ("{id: b, wait: 1h}", ["replaced"]),
    ],
)
def test_a_step_of_another_kind_is_done_as_it_is(step: str, said: list[str]) -> None:
    ann = old()
    book = one("event: Product Added, in_flight: move", f"[{step}, {{action: log, message: new}}]")
    replaced(ann, book)
    ann.does(T + HOUR_MS, "Page Viewed")
    assert [what for _, what in ann.told()[1:] if what != "finished"] == said


def test_a_run_that_has_moved_is_asked_for_its_new_exits() -> None:
    ann = old()
    ann.does(T + 1, "Order Completed", {"total": 1.0})
    replaced(ann, one("event: X, in_flight: move, exit: profile.orders.count > 0", OLD))
    ann.until(T + 2 * HOUR_MS)
    assert ann.told()[1:] == [(T + 2 * HOUR_MS, "exit")]


def test_a_run_at_a_step_without_an_id_cannot_move() -> None:
    ann = Traveller(one("event: Product Added", "[{wait: 1h}]"))
    ann.does(T, "Product Added")
    replaced(ann, one("event: Product Added, in_flight: move", "[{wait: 2h}]"))
    ann.does(T + 1, "Page Viewed")
    assert ann.told()[1:] == [(T + 1, "replaced")]


def test_runs_end_with_their_version() -> None:
    ann = old()
    replaced(ann, new("end"))
    ann.does(T + 1, "Page Viewed")
    ann.until(T + DAY_MS)
    assert ann.told()[1:] == [(T + 1, "replaced")]


@pytest.mark.parametrize("in_flight", ["finish", "move"])
def test_a_version_that_is_not_known_ends_its_runs(in_flight: str) -> None:
    ann = old()
    replaced(ann, new(in_flight), known=False)
    ann.does(T + 1, "Page Viewed")
    assert ann.told()[1:] == [(T + 1, "version_unknown")]
    assert ann.bodies("journey.ended")[0]["step"] == "1"


def test_a_version_that_names_what_is_gone_ends_its_runs() -> None:
    segment = "segments: {rich: {title: Rich, when: profile.orders.value > 9.0}}"
    steps = "[{wait: 1h}, {if: '\"rich\" in segments', then: [end]}]"
    ann = Traveller(one("event: Product Added", steps, segment))
    ann.does(T, "Product Added")
    replaced(ann, new("finish"))
    ann.until(T + DAY_MS)
    assert ann.told()[1:] == [(T + HOUR_MS, "version_unknown")]


def test_a_version_that_looks_back_at_what_is_not_remembered_ends_its_runs() -> None:
    steps = "[{wait: 1h}, {if: 'count(event.name == \"X\", 7d) > 0', then: [end]}]"
    alert = """
alerts:
  often: {when: 'count(event.name == "X", 7d) > 1', severity: info, cooldown: 1h, message: m}
"""
    for more, said in (("", "version_unknown"), (alert, "finished")):
        ann = Traveller(one("event: Product Added", steps))
        ann.does(T, "Product Added")
        replaced(ann, one("event: Product Added", "[end]", more))
        ann.until(T + DAY_MS)
        assert ann.told()[1:] == [(T + HOUR_MS, said)]


@pytest.mark.parametrize(
    ("in_flight", "known", "said"),
    [
        ("finish", True, ["old", "finished"]),
        ("finish", False, ["removed"]),
        ("end", True, ["removed"]),
        ("move", True, ["removed"]),
    ],
)
def test_runs_of_a_journey_that_is_gone_finish_only_if_it_said_so(
    in_flight: str, known: bool, said: list[str]
) -> None:
    ann = Traveller(one(f"event: Product Added, in_flight: {in_flight}", OLD))
    ann.does(T, "Product Added")
    replaced(ann, journeys(""), known=known)
    ann.until(T + DAY_MS)
    assert [what for _, what in ann.told()[1:]] == said
    assert ann.profile.journeys == []


def test_a_run_that_finishes_counts_as_one_of_the_journey() -> None:
    ann = old()
    replaced(ann, new("finish"))
    ann.does(T + 1, "Product Added")
    assert len(ann.bodies("journey.started")) == 1


def test_a_version_is_what_runs_do() -> None:
    def version(text: str) -> bytes:
        return journeys(text).journeys["j"].version

    plain = "journeys:\n  j: {title: J, event: E, steps: [{wait: 1h}]}\n"
    same = [
        'journeys:\n  # why\n  j:\n    title: O\n    event: "E"\n    steps:\n    - wait: "1h"\n',
        plain.replace("event: E", "event: E, in_flight: finish"),
    ]
    assert {version(text) for text in same} == {version(plain)}
    other = [
        plain.replace("1h", "2h"),
        plain.replace("event: E", "event: F"),
        plain.replace("event: E", "event: E, in_flight: end"),
    ]
    assert len({version(text) for text in [plain, *other]}) == 4


@pytest.mark.parametrize("in_flight", ["finish", "move", "end"])
def test_to_say_another_thing_of_what_becomes_of_runs_does_nothing_to_them(in_flight: str) -> None:
    ann = old()
    replaced(ann, one(f"event: Product Added, in_flight: {in_flight}", OLD), known=False)
    ann.does(T + 1, "Page Viewed")
    ann.until(T + DAY_MS)
    assert ann.told()[1:] == [(T + 2 * HOUR_MS, "old"), (T + 2 * HOUR_MS, "finished")]


@pytest.mark.parametrize("later", ["finish", "move", "end"])
def test_once_a_journey_is_gone_what_it_said_when_a_run_began_is_what_counts(later: str) -> None:
    """So it does not matter which of the playbooks since then a flow has come to know."""
    ann = old()
    replaced(ann, one(f"event: Product Added, in_flight: {later}", OLD))
    known = ann.playbook.earlier
    replaced(ann, journeys(""))
    ann.playbook.earlier.update(known)
    ann.until(T + DAY_MS)
    assert [what for _, what in ann.told()[1:]] == ["old", "finished"]


@settings(deadline=None)
@given(definitions())
def test_a_definition_is_read_again_as_it_was(definition: dict[str, object]) -> None:
    book = journeys(f"journeys: {json.dumps({'j': definition})}")
    journey = book.journeys["j"]
    again = read_journey(journey.source, book)
    assert again is not None
    assert (again.source, again.version) == (journey.source, journey.version)
    assert list(map(type, again.steps)) == list(map(type, journey.steps))
    assert again.names == journey.names


def test_what_stood_in_quotes_and_what_did_not_is_read_again_as_it_was() -> None:
    text = """
journeys:
  j:
    title: J
    event: ["1.50", 007, "true"]
    at_most: 3
    when: true
    steps:
      - {action: log, message: 1.50}
      - {action: email.request, template: "null", values: {a: 1.50, b: '"07"'}}
      - {action: push.request, template: t, requires_approval: true}
      - {split: [{share: 1}, {share: 99}]}
"""
    book = journeys(text)
    journey = book.journeys["j"]
    again = read_journey(journey.source, book)
    assert again is not None
    assert again.source == journey.source
    assert again.events == ("1.50", "007", "true")
    said = [Traveller(one("event: E", "[end]")) for _ in range(2)]
    for ann, found in zip(said, (journey, again), strict=True):
        ann.playbook = journeys("")
        ann.playbook.journeys["j"] = found
        ann.playbook.journeys_on["007"] = (found,)
        ann.does(T, "007")
    assert said[0].said == said[1].said
    assert said[0].bodies("log")[0]["message"] == "1.50"


@pytest.mark.parametrize(
    "source", ["", "{", "[]", '["j"]', '["j", 1]', "[1, {}]", '["j", {}]', "1"]
)
def test_what_is_no_definition_is_none(source: str) -> None:
    assert read_journey(source, journeys("")) is None


def test_who_loads_a_playbook_shares_no_earlier_journeys_with_who_loads_it_again(
    tmp_path: Path,
) -> None:
    (path := tmp_path / "playbook.yaml").write_text(HEAD + "offers:\n" + offer("tea", 1))
    first, second = load_playbook(path), load_playbook(path)
    assert first.earlier == second.earlier == {}
    assert first.earlier is not second.earlier
