"""What every shard is told: sums of counters, and the catalogue; by whoever owns shard 0."""
