"""Policies: from what is believed of each arm and a decision's dice to propensities.

kinds.py     which there are, and their settings
propose.py   any of them → Proposal
bounds.py    KL-UCB's upper bounds
linear.py    Thompson sampling for a linear model of declared features
"""
