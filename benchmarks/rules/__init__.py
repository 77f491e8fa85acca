"""What rules cost: an event by the number of rules, and the flow with few against with many."""
