"""The playbook's own tests: what happens to one customer, and what must follow from it."""
