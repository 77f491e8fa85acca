"""What is known of a customer: the touchpoint, the profile and its fold (pure), and its store in Redis."""
