"""Offers for callers that ask with a context: HTTP in, decisions out, counted by way of Kafka."""
