"""A playbook's experiments and controls, read."""

from collections.abc import Mapping

from decisions.document import Node
from decisions.format.offer_keys import CONTROLLED, EXPERIMENT
from decisions.format.part import Part
from decisions.language.errors import nearest
from decisions.nodes import quote
from decisions.offering.experiments import EVERYTHING, Experiment, control, is_control
from decisions.reading import Reader


def read_experiments(reader: Reader, book: Part) -> dict[str, Experiment]:
    """The sections `experiments` and `control`; groups bring theirs themselves."""

    def read(name: str, node: Node, where: str) -> Experiment:
        part = Part(reader, node, where, EXPERIMENT)
        part.text("title")
        arms = []
        for arm, _, share in part.named("arms"):
            arms.append((arm, reader.share(share, f"{where}.arms.{arm}") or 0))
        total = sum(share for _, share in arms)
        if total > 100:
            place, expected = part.get("arms") or part.node, "shares of at most 100% together"
            reader.problem(place, part.where("arms"), expected, f"{total}%")
        return Experiment(name, part.text("salt") or name, tuple(arms))

    written = book.named("experiments")
    found = {name: read(name, node, f"experiments.{name}") for name, _, node in written}
    for name, key, _ in written:
        if name == EVERYTHING:
            expected = "another id: the section `control` has this one"
            reader.problem(key, "an id in experiments", expected, quote(name))
    if node := book.get("control"):
        part = Part(reader, node, "control", CONTROLLED)
        share = part.share("share") or 0
        found[EVERYTHING] = control(EVERYTHING, part.text("salt") or EVERYTHING, share)
    return found


def read_arms(
    reader: Reader, part: Part, experiments: Mapping[str, Experiment]
) -> frozenset[tuple[str, str]]:
    """The key `arms` of an offer: (experiment, arm)."""
    known = {
        f"{one.id}.{arm}": (one.id, arm)
        for one in experiments.values()
        if not is_control(one.id)
        for arm, _ in one.arms
    }
    found = []
    for text in part.texts("arms"):
        if text in known:
            found.append(known[text])
        else:
            place, where = part.get("arms") or part.node, part.where("arms")
            expected = f"one of {', '.join(known)}" if known else "none, as there is no experiment"
            reader.problem(place, where, expected, quote(text), nearest(text, known))
    return frozenset(found)
