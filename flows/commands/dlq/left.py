"""Why a dead letter is not written again."""

from enum import StrEnum


class Left(StrEnum):
    """The closed list; each is counted."""

    NO_VALUE = "no_value"
    CUT = "cut"
    TOO_LARGE = "too_large"
    NO_CHANNEL = "no_channel"
    NO_JSON = "no_json"
    PROGRAM = "program_failed"
    NO_OBJECT = "not_one_object"
    OTHER_ID = "other_message_id"


WORDS = {
    Left.NO_VALUE: "has no value; --fix can make one, its program gets null",
    Left.CUT: "is larger than a dead letter can be, so that only its beginning is here; the record "
    "itself lies at its origin for as long as that topic keeps it",
    Left.TOO_LARGE: "is larger than an event may be, or than a record with the header of a replay",
    Left.NO_CHANNEL: "comes from a topic that TOUCHLINE_CHANNELS does not name",
    Left.NO_JSON: "is no JSON, which --fix needs",
    Left.PROGRAM: "makes the program of --fix fail",
    Left.NO_OBJECT: "is not made exactly one object of by the program of --fix",
    Left.OTHER_ID: "would get another messageId from --fix, and count twice",
}


class LeftBehind(Exception):
    """This letter is not written again."""

    def __init__(self, why: Left, detail: str = "") -> None:
        super().__init__(why, detail)
        self.why = why
        self.detail = detail

    def __str__(self) -> str:
        return WORDS[self.why] + (f": {self.detail}" if self.detail else "")
