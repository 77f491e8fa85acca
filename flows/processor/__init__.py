"""The touchpoints job between Kafka and Redis: shards, flushes and the steps of a flush."""
