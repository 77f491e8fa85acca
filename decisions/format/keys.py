"""The keys of a playbook's file, and the kinds of values that they hold."""

from typing import Final

from msgspec import Struct

ID: Final = r"(?!(?:true|false|null)$)[a-z][a-z0-9_]{0,31}"
"""Of segments, offers, ...: not a word that YAML takes for something else than a text."""
TRAIT: Final = r"[A-Za-z_][A-Za-z0-9_]{0,31}"
FEATURE: Final = r"(?!(?:true|false|null|none)$)[a-z][a-z0-9_]{0,11}"
"""Of features of customers, whose names together make one of at most 64 characters, or `none`."""
HEADER: Final = r"[A-Za-z][A-Za-z0-9-]{0,63}"


class Text(Struct, frozen=True):
    """1 to `most` characters."""

    most: int = 500


class Texts(Struct, frozen=True):
    """A list of 1 to `most` texts; one need not be in a list."""

    most: int = 20


class Choice(Struct, frozen=True):
    """One of some words."""

    of: tuple[str, ...]


class Name(Struct, frozen=True):
    """One of the names that a section declares."""

    of: str


class Names(Struct, frozen=True):
    """A list of names that a section declares; one need not be in a list."""

    of: str
    expected: bool = False
    """It says what a test expects: it may be empty, and a name may come again."""


class NewIds(Struct, frozen=True):
    """A list of 1 to `most` ids that are declared by it."""

    most: int


class NewId(Struct, frozen=True):
    """An id that is declared by it."""

    pattern: str


class Whole(Struct, frozen=True):
    """A whole number."""

    low: int
    high: int


class Number(Struct, frozen=True):
    """A number."""

    low: float
    high: float


class Share(Struct, frozen=True):
    """A whole number from 1 to 100 and a percent sign."""


class Flag(Struct, frozen=True):
    """true or false."""


class Duration(Struct, frozen=True):
    """A whole number above zero and s, m, h or d; from `least` to `most`, where that is said."""

    least: str = ""
    most: str = ""


class Moment(Struct, frozen=True):
    """A date (UTC), or an RFC 3339 time."""


class TimeOfDay(Struct, frozen=True):
    """Hours and minutes, as in 09:00."""


class CaseTime(Struct, frozen=True):
    """When an event of a test happens."""


class Expression(Struct, frozen=True):
    """An expression of the condition language."""

    condition: bool = False
    """It must be true or false."""


class Conditions(Struct, frozen=True):
    """A list of 1 to `most` conditions; one need not be in a list."""

    most: int


class Plain(Struct, frozen=True):
    """A text, a number, or true or false, by what it is compared with."""


class Values(Struct, frozen=True):
    """Any JSON values, by names of the writer's choice."""

    most: int = 256


class Entries(Struct, frozen=True):
    """Values of one kind, by ids: new ones, or those that a section declares."""

    holds: "Kind"
    most: int
    pattern: str = ID


class Keys(Struct, frozen=True):
    """A mapping with a fixed set of keys."""

    keys: tuple["Key", ...]
    any_of: tuple[str, ...] = ()
    """Of these keys at least one must be there."""
    needs: str = ""
    """That, in words."""

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called, in the order that is recommended."""
        return tuple(key.name for key in self.keys)

    @property
    def required(self) -> tuple[str, ...]:
        """Those that must be there."""
        return tuple(key.name for key in self.keys if key.required)

    def __getitem__(self, name: str) -> "Key":
        """The key of that name. Raises KeyError."""
        for key in self.keys:
            if key.name == name:
                return key
        raise KeyError(name)


class Items(Struct, frozen=True):
    """A list of at most `most` values of one kind."""

    holds: "Kind"
    most: int
    least: int = 0


class Steps(Struct, frozen=True):
    """A list of steps of a journey, which may hold more of them."""


class OneOf(Struct, frozen=True):
    """A value of one of some kinds."""

    kinds: tuple["Kind", ...]


class Tagged(Struct, frozen=True):
    """A mapping whose keys depend on the word that stands at one of them."""

    by: str
    """That key, which each of `kinds` has, with a word of its own."""
    kinds: tuple[Keys, ...]

    @property
    def words(self) -> tuple[tuple[str, Keys], ...]:
        """Word → the keys that go with it."""
        choices = ((kinds[self.by].kind, kinds) for kinds in self.kinds)
        return tuple((choice.of[0], kinds) for choice, kinds in choices if type(choice) is Choice)


Kind = (
    Text
    | Texts
    | Choice
    | Name
    | Names
    | NewIds
    | NewId
    | Whole
    | Number
    | Share
    | Flag
    | Duration
    | Moment
    | TimeOfDay
    | CaseTime
    | Expression
    | Conditions
    | Plain
    | Values
    | Entries
    | Keys
    | Items
    | Steps
    | OneOf
    | Tagged
)


class Key(Struct, frozen=True):
    """A key, and what it holds."""

    name: str
    kind: Kind
    doc: str
    required: bool = False
    default: str | int | bool | None = None
    """What holds where it is not there."""
    examples: tuple[str | int | float, ...] = ()
