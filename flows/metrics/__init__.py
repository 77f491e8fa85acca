"""What the flows count and measure: the list of it, the keeping of it, and /metrics."""
