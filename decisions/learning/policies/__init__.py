"""Policies: from what is believed of each arm and lots to propensities.

kinds.py     which there are, and their settings
propose.py   what any of them proposes
bounds.py    KL-UCB's upper bounds
linear.py    Thompson sampling for a linear model of declared features, which asks for more
"""
