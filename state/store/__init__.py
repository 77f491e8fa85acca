"""What Redis keeps of a shard: keys, connection, transactions. Nothing else reads it."""
