"""Syntax tree → typed code: resolves names, checks types, and notes what is read."""

from typing import Final, NamedTuple

from decisions.language.code import (
    Code,
    build,
    function,
    list_code,
    literal,
    logical,
    names,
    variable,
)
from decisions.language.errors import ExpressionError, nearest, shown
from decisions.language.fields import KEYS, Field
from decisions.language.functions import MACROS, called, count, method, must_exist
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
from decisions.language.history import HISTORY_FUNCTIONS, Remembered, answer, remembered
from decisions.language.kinds import (
    BOOL,
    DOUBLE,
    DYN,
    EMPTY,
    INT,
    NULL,
    STRING,
    compatible,
    element_of,
    has_time,
    is_list,
    is_map,
    joined,
    list_of,
)
from decisions.language.lookups import field_code, run_key
from decisions.language.names import BY_NAME, CHILDREN, holds, unknown
from decisions.language.operators import binary, coerced, unary
from decisions.language.runtime.collections import MAX_ELEMENTS, MAX_INNER
from decisions.language.scope import TEXTS, Scope
from decisions.language.timing import chosen, over
from state.sections import TRAITS

MAX_DEPTH: Final = 64
"""Operators inside one another."""

_KINDS: Final = {bool: BOOL, int: INT, float: DOUBLE, str: STRING, type(None): NULL}


class _Place(NamedTuple):
    """A name of the table of fields, or a part of one; not read yet."""

    path: str
    key: Code | None
    """What stands for [key], if that is in the path."""


class Checker:
    """Checks one expression; afterwards `reads`, `segments` and `history` say what it looks at.

    What stands inside a history function is checked by one of its own, with that function's name
    as `inside`.
    """

    def __init__(self, scope: Scope, inside: str = "") -> None:
        self.reads = 0
        self.segments: frozenset[str] = frozenset()
        self.history: dict[bytes, Remembered] = {}
        """Key → what must be remembered of the customer's events."""
        self._scope = scope
        self._inside = inside
        # What is remembered of events is not of one run of a journey, so it cannot ask for its key.
        known = scope.key and not inside
        self._variables: dict[str, Code] = {"key": run_key(scope.key)} if known else {}
        self._fresh = names("var")
        self._depth = 0
        self._loops = 0
        """What is read by that of which a part, or a text, is taken."""

    def check(self, node: Node) -> Code:
        """The code of `node`. Raises ExpressionError."""
        found = self._resolved(node)
        return found if isinstance(found, Code) else self._read(found, node.offset)

    def _resolved(self, node: Node) -> Code | _Place:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(
                "nested too deeply", node.offset, f"at most {MAX_DEPTH} levels", "more"
            )
        found: Code | _Place
        match node:
            case Name():
                found = self._name(node)
            case Select():
                found = self._select(node)
            case Index():
                found = self._index(node)
            case Literal():
                found = literal(node.value, _KINDS[type(node.value)])
            case Logical():
                found = logical(node.operator, [self._flag(operand) for operand in node.operands])
            case Unary():
                found = unary(node, self.check(node.operand))
            case Binary():
                found = self._binary(node)
            case Ternary():
                found = self._ternary(node)
            case ListOf():
                found = self._list(node)
            case Call():
                found = self._call(node)
        self._depth -= 1
        return found.at(node.offset) if isinstance(found, Code) else found

    def _flag(self, node: Node) -> Code:
        code = self.check(node)
        flag = coerced(code, BOOL)
        if flag is None:
            raise ExpressionError("not a condition", node.offset, BOOL, code.type)
        return flag

    # Names and what follows them.

    def _name(self, node: Name) -> Code | _Place:
        if node.name in self._variables:
            return self._variables[node.name]
        if self._inside and node.name != "event":
            what = f"what stands inside {self._inside}() may look at the event only"
            names = ["event", *self._variables]
            near = nearest(node.name, names)
            raise ExpressionError(what, node.offset, " or ".join(names), shown(node.name), near)
        lacks = {"event": not self._scope.event, "context": not self._scope.context}
        known = [name for name in CHILDREN[""] if not lacks.get(name)]
        if node.name not in known:
            if node.name == "event":
                # What is spelled like it is not what was meant; what looks back may be.
                here = ", ".join(sorted([*known, *self._variables]))
                expected = f"one of {here}, or a function that looks back, such as seen()"
                raise ExpressionError("there is no event here", node.offset, expected, node.name)
            raise unknown("an unknown name", node.name, node.offset, [*known, *self._variables])
        return _Place(node.name, None)

    def _select(self, node: Select) -> Code | _Place:
        base = self._resolved(node.operand)
        key = literal(node.field, STRING)
        if isinstance(base, _Place) and not self._is_value(base):
            return self._below(base, node.field, key, node.offset)
        code = base if isinstance(base, Code) else self._read(base, node.offset)
        if code.type == DYN or is_map(code.type):
            return build("A[B]", DYN, code, key, errs=True)
        raise ExpressionError(
            f"nothing has a field {shown(node.field)} here", node.offset, "an object", code.type
        )

    def _index(self, node: Index) -> Code | _Place:
        base = self._resolved(node.operand)
        key = self.check(node.key)
        if isinstance(base, _Place) and not self._is_value(base):
            text = coerced(key, STRING)
            if text is None or ("[key]" not in CHILDREN.get(base.path, ()) and not key.literal):
                raise ExpressionError("not a key", node.key.offset, "a string", key.type)
            return self._below(base, key.literal, text, node.key.offset)
        code = base if isinstance(base, Code) else self._read(base, node.offset)
        if is_list(code.type):
            number = coerced(key, INT)
            if number is None:
                raise ExpressionError("items have numbers", node.key.offset, INT, key.type)
            return build("index(A, B)", element_of(code.type), code, number, errs=True)
        if code.type != DYN and not is_map(code.type):
            raise ExpressionError("nothing to look into", node.offset, "list or map", code.type)
        if key.type == STRING:
            return build("A[B]", DYN, code, key, errs=True)
        if key.type not in (DYN, INT, DOUBLE) or (is_map(code.type) and key.type != DYN):
            raise ExpressionError("not a key", node.key.offset, "string or int", key.type)
        return build("index(A, B)", DYN, code, key, errs=True)

    def _below(self, base: _Place, field: str | None, key: Code, offset: int) -> Code | _Place:
        if base.path == "customer":
            return self._trait(field, offset)
        below = CHILDREN[base.path]
        if "[key]" in below:
            return _Place(f"{base.path}[key]", key)
        if field not in below:
            raise unknown(f"an unknown field of {base.path}", str(field), offset, below)
        return _Place(f"{base.path}.{field}", base.key)

    @staticmethod
    def _is_value(place: _Place) -> bool:
        field = BY_NAME.get(place.path)
        return field is not None and field.type != KEYS

    def _read(self, place: _Place, offset: int) -> Code:
        if not self._is_value(place):
            below = self._scope.traits if place.path == "customer" else CHILDREN[place.path]
            what = f"{place.path} is no value itself"
            raise ExpressionError(what, offset, f"one of {', '.join(below)} after it", "nothing")
        field = BY_NAME[place.path]
        self.reads |= field.reads
        if field.name == "segments":
            self.segments |= self._scope.segments
        return field_code(field, *([place.key] if place.key else [])).at(offset)

    def _trait(self, name: str | None, offset: int) -> Code:
        kind = self._declared(name, offset)
        value = build("profile.traits[A]", DYN, literal(name, STRING), errs=True)
        if kind == DOUBLE:
            # JSON writes a double that is whole like an int.
            value = build("float(it) if (it := A).__class__ is int else it", DYN, value)
        if kind == TEXTS:  # a playbook may declare one so of which something else was kept before
            check = f"it if (it := A).__class__ is list else mistyped('{TEXTS}', it)"
            return build(check, kind, value, errs=True)
        trait = coerced(value, kind)
        assert trait is not None, "scopes hold no other types"
        return trait

    def _declared(self, name: str | None, offset: int) -> str:
        self.reads |= TRAITS
        if name is None or name not in self._scope.traits:
            raise unknown("an undeclared trait", str(name), offset, [*self._scope.traits])
        return self._scope.traits[name]

    # Operators.

    def _binary(self, node: Binary) -> Code:
        if node.operator != "in":
            return binary(node, self.check(node.left), self.check(node.right))
        left = self.check(node.left)
        place = self._resolved(node.right)
        if isinstance(place, Code):
            return binary(node, left, place)
        field = BY_NAME.get(place.path)
        if field is None or not field.holds:
            return binary(node, left, self._read(place, node.right.offset))
        if left.type not in (STRING, DYN):
            raise ExpressionError(f"{field.name} holds texts", node.left.offset, STRING, left.type)
        self._note_membership(field, left, node.left.offset)
        return holds(field, left)

    def _note_membership(self, field: Field, item: Code, offset: int) -> None:
        self.reads |= field.reads
        if field.name != "segments":
            return
        if item.literal is None:
            self.segments |= self._scope.segments
        elif item.literal in self._scope.segments:
            self.segments |= {item.literal}
        else:
            raise unknown("an unknown segment", item.literal, offset, [*self._scope.segments])

    def _ternary(self, node: Ternary) -> Code:
        condition = self._flag(node.condition)
        then, otherwise = self.check(node.then), self.check(node.otherwise)
        if not compatible(then.type, otherwise.type):
            raise ExpressionError(
                "both results of ? : must be of one type",
                node.otherwise.offset,
                then.type,
                otherwise.type,
            )
        kind = joined(then.type, otherwise.type)
        code = build("B if A else C", kind, condition, then, otherwise)
        return chosen(code, condition, then, otherwise)

    def _list(self, node: ListOf) -> Code:
        items = [self.check(item) for item in node.items]
        if not items:
            return list_code(EMPTY, items)
        kind = items[0].type
        for item, code in zip(node.items, items, strict=True):
            if code.type != kind and (has_time(code.type) or has_time(kind)):
                raise ExpressionError("times in a list stay alone", item.offset, kind, code.type)
            kind = joined(kind, code.type) if compatible(kind, code.type) else DYN
        return list_code(list_of(kind), items)

    # Calls and macros.

    def _call(self, node: Call) -> Code:
        must_exist(node)
        if node.target is not None and node.name in MACROS:
            return self._macro(node, node.target)
        if node.target is None and node.name == "has":
            return self._has(node)
        if node.target is None and node.name in HISTORY_FUNCTIONS:
            return self._history(node)
        if node.target is None and node.name == "in_segment":
            return self._in_segment(node)
        target = None if node.target is None else self.check(node.target)
        arguments = [self.check(argument) for argument in node.arguments]
        return called(node, arguments) if target is None else method(node, target, arguments)

    def _history(self, node: Call) -> Code:
        if self._inside:
            what = f"{node.name}() stands inside {self._inside}(), and looks back itself"
            expected = "a condition over the event alone"
            raise ExpressionError(what, node.offset, expected, f"{node.name}()")
        inner = Checker(Scope(), inside=node.name)
        inner._depth = self._depth
        found = remembered(node, inner.check)
        self.history.setdefault(found.key, found)
        code, reads = answer(node.name, found)
        self.reads |= reads
        return code

    def _in_segment(self, node: Call) -> Code:
        count(node, 1)
        asked, segments = node.arguments[0], Name(node.offset, "segments")
        return self._binary(Binary(node.offset, "in", asked, segments))

    def _has(self, node: Call) -> Code:
        asked = node.arguments[0] if len(node.arguments) == 1 else None
        if not isinstance(asked, Select):
            got = "something else" if node.arguments else "nothing"
            raise ExpressionError("has() asks for a field", node.offset, "has(name.field)", got)
        base = self._resolved(asked.operand)
        key = literal(asked.field, STRING)
        if isinstance(base, _Place):
            if base.path == "customer":
                self._declared(asked.field, asked.offset)
                return build("A in profile.traits", BOOL, key)
            field = BY_NAME.get(base.path)
            if field is not None and field.type == KEYS:
                self.reads |= field.reads
                return holds(field, key)
            if field is None:
                raise ExpressionError(
                    "has() asks for what can be missing",
                    asked.offset,
                    "a field of customer, event.properties or event.traits",
                    f"{base.path}.{asked.field}",
                )
            base = self._read(base, asked.operand.offset)
        if is_map(base.type):
            return build("B in A", BOOL, base, key)
        if base.type != DYN:
            raise ExpressionError("has() asks for a field", asked.offset, "an object", base.type)
        return build("has(A, B)", BOOL, base, key, errs=True)

    def _macro(self, node: Call, target: Node) -> Code:
        through = self.check(target)
        if not (through.type == DYN or is_list(through.type) or is_map(through.type)):
            raise ExpressionError(
                f"{node.name}() goes through a list", node.offset, "list or map", through.type
            )
        usage = f"{node.name}(name, {'value' if node.name == 'map' else 'condition'})"
        if len(node.arguments) not in ((2, 3) if node.name == "map" else (2,)):
            got = f"{len(node.arguments)} arguments"
            raise ExpressionError("a macro is written otherwise", node.offset, usage, got)
        name = node.arguments[0]
        if not isinstance(name, Name):
            raise ExpressionError("a macro is written otherwise", name.offset, usage, "no name")
        self._loops += 1
        items = self._elements(through, node.offset)
        outside = self._variables
        parameter = self._fresh()
        of = variable(parameter, element_of(through.type))
        self._variables = outside | {name.name: of}
        bodies = node.arguments[1:]
        if node.name != "map" or len(bodies) == 2:
            test = self._flag(bodies[0])
            python = {"all": "every", "filter": "filtered", "map": "filtered"}.get(
                node.name, node.name
            )
            kind = list_of(of.type) if python == "filtered" else BOOL
            asked, course = function(parameter, test), over(items, parameter, test)
            items = build(f"{python}(A, B)", kind, items, asked, errs=test.errs, course=course)
        if node.name == "map":
            value = self.check(bodies[-1])
            made, course = function(parameter, value), over(items, parameter, value)
            kind = list_of(value.type)
            items = build("mapped(A, B)", kind, items, made, errs=value.errs, course=course)
        self._variables = outside
        self._loops -= 1
        return items

    def _elements(self, through: Code, offset: int) -> Code:
        if self._loops > 2:
            raise ExpressionError("macros nested too deeply", offset, "two at most", "three")
        most = MAX_ELEMENTS if self._loops == 1 else MAX_INNER
        if through.literal is None:
            return build("elements(A, B)", through.type, through, literal(most, INT), errs=True)
        if len(through.literal) > most:
            got = f"{len(through.literal):,}"
            raise ExpressionError("the list is too long", offset, f"at most {most:,} items", got)
        return through
