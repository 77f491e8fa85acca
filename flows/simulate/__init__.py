"""A seeded population of customers that writes events and answers offers."""
