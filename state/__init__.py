"""What is known of a customer: touchpoint, profile and fold (pure), and the store in Redis."""
