"""Clocks on the wall, where the customer is."""
