"""Tokens → syntax tree, by the grammar of the CEL specification (without maps and messages).

A bare duration, such as 7d, is short for duration("7d").
"""

from decisions.language.errors import ExpressionError, shown
from decisions.language.grammar.lexer import Token, tokens
from decisions.language.grammar.syntax import (
    Binary,
    Call,
    Index,
    ListOf,
    Literal,
    Logical,
    Name,
    Node,
    Select,
    Ternary,
    Unary,
)

MAX_NESTING = 32
"""Brackets and ternaries inside one another; keeps the parser far from Python's own limit."""

MAX_ITEMS = 1_000

INT_LIMIT = 2**63
"""An int is at least -INT_LIMIT and below INT_LIMIT."""

_POWER = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "in": 3}
_POWER |= {"+": 4, "-": 4, "*": 5, "/": 5, "%": 5}

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}

_RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let"),
        *("loop", "package", "namespace", "return", "var", "void", "while"),
    }
)


WORDS = {"and": "&&", "or": "||", "is": "=="}
"""Operators as other languages write them."""


def parse(source: str) -> Node:
    """The syntax tree of `source`. Raises ExpressionError."""
    parser = _Parser(tokens(source))
    node = parser.expression()
    if parser.next.kind != "end":
        raise parser.unexpected("an operator or the end")
    return node


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._nesting = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    def unexpected(self, expected: str) -> ExpressionError:
        token = self.next
        got = shown(token.text)
        meant = WORDS.get(token.text.lower()) if token.kind == "name" else None
        return ExpressionError("not an expression", token.offset, expected, got, meant)

    def _take(self) -> Token:
        token = self.next
        self._at += 1
        return token

    def _sees(self, mark: str) -> bool:
        return self.next.text == mark and self.next.kind == "mark"

    def _accept(self, mark: str) -> bool:
        if self._sees(mark):
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise self.unexpected(mark)

    def expression(self) -> Node:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise ExpressionError(
                "nested too deeply", self.next.offset, f"at most {MAX_NESTING} levels", "more"
            )
        node = self._binary(1)
        if self._sees("?"):
            offset = self._take().offset
            then = self._binary(1)
            self._expect(":")
            node = Ternary(offset, node, then, self.expression())
        self._nesting -= 1
        return node

    def _binary(self, lowest: int) -> Node:
        left = self._unary()
        while True:
            token = self.next
            power = _POWER.get(token.text, 0) if token.kind in ("mark", "name") else 0
            if power < lowest or power == 0:
                return left
            self._at += 1
            right = self._binary(power + 1)
            if power > 2:
                left = Binary(token.offset, token.text, left, right)
            elif isinstance(left, Logical) and left.operator == token.text:
                left.operands.append(right)
            else:
                left = Logical(token.offset, token.text, [left, right])

    def _unary(self) -> Node:
        operators: list[Token] = []
        while self._sees("!") or self._sees("-"):
            if operators and operators[0].text != self.next.text:
                raise self.unexpected("an operand")
            operators.append(self._take())
        if operators and operators[-1].text == "-" and self.next.kind in ("int", "double"):
            operators.pop()
            self._tokens[self._at] = self.next._replace(text=f"-{self.next.text}")
        node = self._member()
        for token in reversed(operators):
            node = Unary(token.offset, token.text, node)
        return node

    def _member(self) -> Node:
        node = self._primary()
        while True:
            if self._accept("."):
                field = self.next
                if field.kind != "name" or field.text in _WORDS or field.text == "in":
                    raise self.unexpected("a field name")
                self._at += 1
                if self._accept("("):
                    node = Call(field.offset, node, field.text, self._items(")"))
                else:
                    node = Select(field.offset, node, field.text)
            elif self._sees("["):
                offset = self._take().offset
                node = Index(offset, node, self.expression())
                self._expect("]")
            else:
                return node

    def _primary(self) -> Node:
        token = self.next
        if token.kind == "string":
            self._at += 1
            return Literal(token.offset, token.text)
        if token.kind in ("int", "double"):
            self._at += 1
            return Literal(token.offset, _number(token))
        if token.kind == "duration":
            self._at += 1
            return Call(token.offset, None, "duration", [Literal(token.offset, token.text)])
        if token.kind == "name" and token.text not in _RESERVED and token.text != "in":
            self._at += 1
            if token.text in _WORDS:
                return Literal(token.offset, _WORDS[token.text])
            if self._accept("("):
                return Call(token.offset, None, token.text, self._items(")"))
            return Name(token.offset, token.text)
        if self._accept("("):
            node = self.expression()
            self._expect(")")
            return node
        if self._accept("["):
            return ListOf(token.offset, self._items("]"))
        raise self.unexpected("a name or a value")

    def _items(self, end: str) -> list[Node]:
        items: list[Node] = []
        while not self._accept(end):
            items.append(self.expression())
            if len(items) > MAX_ITEMS:
                raise ExpressionError(
                    "the list is too long", self.next.offset, f"at most {MAX_ITEMS:,} items", "more"
                )
            if not self._accept(","):
                self._expect(end)
                break
            if end == ")" and self._sees(end):
                raise self.unexpected("an argument")
        return items


def _number(token: Token) -> int | float:
    if token.kind == "double":
        value = float(token.text)
        if abs(value) != float("inf"):
            return value
    elif len(token.text) <= 32:
        whole = int(token.text, 16 if "x" in token.text else 10)
        if -INT_LIMIT <= whole < INT_LIMIT:
            return whole
    raise ExpressionError(
        "the number is too large", token.offset, "a number of 64 bits", shown(token.text)
    )
