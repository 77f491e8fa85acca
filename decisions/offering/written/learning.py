"""A playbook's section `learning`, read."""

from decisions.document import Node
from decisions.format.learning_keys import LEARNING
from decisions.format.part import Part
from decisions.language import Scope
from decisions.language.kinds import DYN, STRING
from decisions.learning.policies.kinds import POLICIES, Linear
from decisions.nodes import quote
from decisions.offering.features import Features, bucket_names
from decisions.offering.propensity import OTHER_BUCKET, USUAL_BUCKET, Learning
from decisions.reading import Reader


def read_learning(reader: Reader, node: Node | None, scope: Scope) -> Learning | None:
    """None where it is missing."""
    if node is None:
        return None
    part = Part(reader, node, "learning", LEARNING)
    context = part.value("context", scope)
    declared = part.new_ids("buckets", "a bucket", "[buyer, visitor]") if "buckets" in part else ()
    if context is not None and context.type not in (STRING, DYN):
        place = part.get("context") or node
        reader.problem(place, part.where("context"), "a text, one of `buckets`", context.type)
    if ("context" in part) != ("buckets" in part):
        there, missing = ("context", "buckets") if "context" in part else ("buckets", "context")
        expected = f"`{missing}` beside it, as neither says anything without the other"
        reader.problem(part.get(there) or node, part.where(there), expected, "nothing")
    if OTHER_BUCKET in declared:
        expected = "other ids: that one is for whatever else the context says"
        reader.problem(
            part.get("buckets") or node, part.where("buckets"), expected, quote(OTHER_BUCKET)
        )
    policy = POLICIES.get(part.choice("policy")) or POLICIES["thompson"]
    features = _features(reader, part, scope, linear=isinstance(policy, Linear))
    evidence = part.number("evidence")
    return Learning(
        policy=policy,
        explore=(part.share("explore") or 0) / 100,
        half_life_ms=part.duration("half_life") or 1,
        within_ms=part.duration("within") or 1,
        success=part.choice("success"),
        evidence=50.0 if evidence is None else evidence,
        redraw_ms=part.duration("redraw") or 1,
        context=context,
        buckets=_buckets(declared, features),
        features=features,
    )


def _features(reader: Reader, part: Part, scope: Scope, *, linear: bool) -> Features:
    """What is wrong with them and beside them is noted."""
    written = part.named("features")
    where, place = part.where("features"), part.get("features") or part.node
    if linear and not written:
        expected = "1 to 5 named conditions, as the policy linear learns what each of them adds"
        reader.problem(place, where, expected, "none" if "features" in part else "nothing")
    if not linear and "features" in part:
        expected = "`policy: linear` beside it, as no other policy asks for features"
        reader.problem(place, where, expected, f"{part.choice('policy')}")
    if "context" in part and "features" in part:
        expected = "`features` or `context`, as the features make the buckets"
        reader.problem(part.get("context") or place, part.where("context"), expected, "both")
    read = {name: reader.condition(node, f"{where}.{name}", scope) for name, _, node in written}
    return tuple((name, when) for name, when in sorted(read.items()) if when is not None)


def _buckets(declared: tuple[str, ...], features: Features) -> tuple[str, ...]:
    if features:
        return bucket_names([name for name, _ in features])
    return (OTHER_BUCKET, *declared) if declared else (USUAL_BUCKET,)
