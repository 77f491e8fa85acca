"""What a name in an expression stands for: a field of the table, and what is below it."""

from msgspec import Struct

from decisions.explaining.field_words import NOUNS
from decisions.language.fields import KEYS
from decisions.language.grammar.syntax import Call, Index, Literal, Name, Node, Select
from decisions.language.names import BY_NAME, CHILDREN

TRAIT = "customer"


class Place(Struct, frozen=True):
    """A field, and how it is reached."""

    name: str
    """In the table of fields; TRAIT for one of the customer's traits."""
    key: Node | None = None
    """What stands for [key]."""
    below: tuple[Node, ...] = ()
    """What follows it: into what an event says, or of a trait its name."""

    @property
    def path(self) -> str | None:
        """What follows it as a.b; None where that is computed."""
        texts = [node.value for node in self.below if isinstance(node, Literal)]
        known = [text for text in texts if isinstance(text, str)]
        return ".".join(known) if len(known) == len(self.below) else None


def place_of(node: Node) -> Place | None:
    """The field that `node` names; None where it is no name of a field."""
    chain: list[Node] = []
    while isinstance(node, Select | Index):
        chain.append(Literal(node.offset, node.field) if isinstance(node, Select) else node.key)
        node = node.operand
    if not isinstance(node, Name) or node.name not in CHILDREN[""]:
        return None
    chain.reverse()
    if node.name == TRAIT:
        return Place(TRAIT, None, tuple(chain))
    name, key = node.name, None
    while chain and (name not in BY_NAME or BY_NAME[name].type == KEYS):
        step = chain.pop(0)
        if "[key]" in CHILDREN.get(name, ()):
            name, key = f"{name}[key]", step
        elif isinstance(step, Literal):
            name = f"{name}.{step.value}"
    return Place(name, key, tuple(chain)) if name in NOUNS else None


def is_call(node: Node, *names: str) -> bool:
    """Whether it is a function, not a method, of one of these names."""
    return isinstance(node, Call) and node.target is None and node.name in names
