"""A --fix makes one object of each event, or leaves it and says why."""

import json
import signal
import subprocess
import sys
import time

import pytest

from flows.commands.dlq.left import Left, LeftBehind
from flows.commands.dlq.mending import BadProgram, Fix

EVENT = b'{"messageId":"m","userId":7,"properties":{"price":1.5}}'


def left(program: str, value: bytes | None = EVENT) -> Left:
    with pytest.raises(LeftBehind) as raised:
        Fix(program).apply(value)
    return raised.value.why


def test_a_program_mends_what_it_names_and_nothing_else() -> None:
    mended = Fix(".userId |= tostring").apply(EVENT)
    assert json.loads(mended) == {**json.loads(EVENT), "userId": "7"}


def test_numbers_that_no_double_holds_keep_their_digits() -> None:
    mended = Fix('.userId = "ann"').apply(b'{"order":123456789012345678901234567890}')
    assert b"123456789012345678901234567890" in mended


def test_a_program_may_end_in_a_comment_and_define_functions() -> None:
    mended = Fix('def name: "ann"; .userId = name # of ours').apply(EVENT)
    assert json.loads(mended)["userId"] == "ann"


@pytest.mark.parametrize("program", [".a |", "(", ".a) , (.b", "nosuch(.)"])
def test_what_is_no_program_is_told_before_anything_is_read(program: str) -> None:
    with pytest.raises(BadProgram, match="jq"):
        Fix(program)


@pytest.mark.parametrize("program", ["empty", "., .", "repeat(.)", "[.]", ".userId", "null"])
def test_what_is_not_exactly_one_object_is_left(program: str) -> None:
    assert left(program) is Left.NO_OBJECT


@pytest.mark.parametrize("program", ["$ENV", "env", '{a: "\\(env)\\($ENV)", b: env.SECRET}'])
def test_a_program_sees_nothing_of_the_environment(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "pass-word")
    mended = Fix(f".properties = ({program})").apply(EVENT)
    assert json.loads(mended)["properties"] in ({}, {"a": "{}{}", "b": None})


def test_a_program_that_fails_leaves_the_event_and_says_how() -> None:
    with pytest.raises(LeftBehind, match=r"makes the program of --fix fail: .*number"):
        Fix(".userId.name").apply(EVENT)


@pytest.mark.parametrize("value", [b"not json", b'{"a": NaN}', b'{"a": "\xff"}', b"{"])
def test_what_is_no_json_is_left(value: bytes) -> None:
    assert left(".", value) is Left.NO_JSON


@pytest.mark.parametrize("program", ['.messageId = "n"', "del(.messageId)", ".messageId = null"])
def test_an_event_keeps_its_message_id(program: str) -> None:
    assert left(program) is Left.OTHER_ID


@pytest.mark.parametrize(
    "value", [b"{}", b'{"messageId":7}', b'{"messageId":""}', b"[]", None, b""]
)
def test_an_event_without_one_may_be_given_one(value: bytes | None) -> None:
    assert json.loads(Fix('{messageId: "m"}').apply(value)) == {"messageId": "m"}


def test_where_there_was_no_value_the_program_gets_null() -> None:
    assert json.loads(Fix("{was: .}").apply(None)) == {"was": None}


def test_a_program_without_end_is_ended_by_ctrl_c() -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, lambda *_: None)\n"  # as the command does
        "from flows.commands.dlq.mending import Fix; fix = Fix('def f: f; f')\n"
        "print(flush=True); fix.apply(b'{}')"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        child.stdout.readline()
        deadline = time.monotonic() + 30
        while child.poll() is None:
            assert time.monotonic() < deadline, "it goes on for ever"
            child.send_signal(signal.SIGINT)
            time.sleep(0.05)
    finally:
        child.kill()
        child.communicate()
    assert child.returncode == -signal.SIGINT
