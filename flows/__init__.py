"""Composition: the dataflows, their settings, metrics, command line and local stack."""
