"""What a rule of a playbook does, in words that a marketer reads."""
