"""Journeys as a playbook says them → compiled, or what is wrong with them."""
