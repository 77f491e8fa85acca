"""Source text → tokens, by the lexical rules of the CEL specification.

And one more, which is an error there: a bare duration, such as 7d.
"""

import re
from typing import NamedTuple

from decisions.language.errors import ExpressionError, shown

MAX_CHARACTERS = 20_000
MAX_TOKENS = 5_000

_TOKEN = re.compile(
    r"""
      (?P<space>  [ \t\n\r\f]+ | //[^\n]* )
    | (?P<duration> [0-9]+(?:ms|[dhms])(?![_a-zA-Z0-9]) )
    | (?P<double> [0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)? | [0-9]+[eE][+-]?[0-9]+
                | \.[0-9]+(?:[eE][+-]?[0-9]+)? )
    | (?P<int>    0x[0-9a-fA-F]+ | [0-9]+ )
    | (?P<raw>    [rR](?: \"{3}[\s\S]*?\"{3} | '{3}[\s\S]*?'{3} | "[^"\n\r]*" | '[^'\n\r]*' ) )
    | (?P<text>   \"{3}(?:[^\\]|\\[\s\S])*?\"{3} | '{3}(?:[^\\]|\\[\s\S])*?'{3}
                | "(?:[^"\\\n\r]|\\[^\n\r])*" | '(?:[^'\\\n\r]|\\[^\n\r])*' )
    | (?P<name>   [_a-zA-Z][_a-zA-Z0-9]* )
    | (?P<mark>   && | \|\| | [=!<>]= | [-+*/%<>!?:.,()\[\]{}] )
    """,
    re.VERBOSE,
)
MEANT = {"=": "==", "&": "&&", "|": "||"}
"""What who writes half of an operator most often means."""
_SPAN = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:ms|[dhms])[0-9dhms.]*")
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})"
    r"|([0-3][0-7]{2})|([\s\S]))"
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"} | {
    character: character for character in "\\?\"'`"
}


class Token(NamedTuple):
    """A piece of the source."""

    kind: str
    """int, double, duration, string, name, mark or end."""
    text: str
    """As written; of a string, what it stands for."""
    offset: int


def tokens(source: str) -> list[Token]:
    """The tokens of `source`, the last of kind `end`. Raises ExpressionError."""
    if len(source) > MAX_CHARACTERS:
        raise ExpressionError(
            "the expression is too long",
            MAX_CHARACTERS,
            f"at most {MAX_CHARACTERS:,} characters",
            f"{len(source):,}",
        )
    found: list[Token] = []
    offset = 0
    while offset < len(source):
        match = _TOKEN.match(source, offset)
        if match is None:
            raise _unreadable(source, offset)
        kind, text = match.lastgroup, match[0]
        if kind == "text":
            found.append(Token("string", _unescaped(_inside(text), offset), offset))
        elif kind == "raw":
            found.append(Token("string", _inside(text[1:]), offset))
        elif kind is not None and kind != "space":
            found.append(Token(kind, text, offset))
        offset = match.end()
        if len(found) > MAX_TOKENS:
            raise ExpressionError(
                "the expression is too long",
                found[-1].offset,
                f"at most {MAX_TOKENS:,} words",
                "more",
            )
        if kind in ("int", "double") and source[offset : offset + 1].isidentifier():
            span = _SPAN.match(source, match.start())
            if span is not None:
                raise ExpressionError(
                    "a bare duration is a whole number and one unit",
                    match.start(),
                    f'one such as 90s, 30m, 12h or 7d, or duration("{shown(span[0])}")',
                    shown(span[0]),
                )
            raise ExpressionError(
                "a number runs into a name (there are no unsigned numbers)",
                offset,
                "a space, an operator or, for a duration, one of ms, s, m, h and d",
                source[offset],
            )
    found.append(Token("end", "the end", len(source)))
    return found


def _inside(text: str) -> str:
    quotes = 3 if text[:3] in ('"""', "'''") else 1
    return text[quotes:-quotes]


def _unescaped(text: str, offset: int) -> str:
    def replace(match: re.Match[str]) -> str:
        x, big_x, u, big_u, octal, simple = match.groups()
        if simple is not None:
            if simple not in _SIMPLE:
                raise _bad_escape(match[0], offset)
            return _SIMPLE[simple]
        code = int(octal, 8) if octal else int(x or big_x or u or big_u, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise _bad_escape(match[0], offset)
        return chr(code)

    return _ESCAPE.sub(replace, text)


def _bad_escape(escape: str, offset: int) -> ExpressionError:
    return ExpressionError(
        "an unknown escape in a text", offset, r"one such as \n, \" or \u00e9", escape
    )


def _unreadable(source: str, offset: int) -> ExpressionError:
    if source[offset] in "\"'":
        return ExpressionError(
            "a text does not end", offset, f"a closing {source[offset]}", shown(source[offset:])
        )
    return ExpressionError(
        "a character that has no meaning here",
        offset,
        "a name, a value or an operator",
        source[offset],
        MEANT.get(source[offset]),
    )
