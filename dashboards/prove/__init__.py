"""Asks every query of the boards, and every rule, of a real Prometheus that scrapes a live flow."""
