"""The warehouse job between Kafka and the tables: the steps that a poll's records go through."""
