"""Which names a channel may have. Pure; a channel's topic is `touchpoints.` and its name."""

NO_CHANNELS = ("enriched", "actions", "deadLetter", "forward", "replayed", "broadcast", "decided")
"""Names of topics out, in Kafka or in docs/asyncapi.yaml, and of internal ones. A flow that had one
of them as a channel would read what it writes."""


def may_name_channel(name: str) -> bool:
    """Whether `name` may be a channel's, of these settings or of others."""
    return name.isidentifier() and name.isascii() and name not in NO_CHANNELS
