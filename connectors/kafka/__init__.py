"""Kafka: topics, consumers and the producer."""
