"""Journeys: what is done for a customer step by step, as time passes and events come."""
