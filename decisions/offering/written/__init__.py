"""Offers, contact policy and experiments as a playbook has them, read."""
