"""What is learned of offers: counters that fade, what is believed of each arm, and who goes first.

An arm is an offer shown through a channel in a bucket of the context. From outside come counters,
the time, and a seed to draw with; what comes out is a propensity for each arm.

    counter.py   tries and what was taken, fading, of one arm in one shard
    table.py     the counters of all arms as one shard knows them
    beliefs.py   counters and a start → Beta(alpha, beta) for each arm
    draws.py     each arm's lot by a seed, and draws of beliefs by it
    policies/    beliefs and lots → propensities
    chances.py   how likely the first one was, of policies where that is a formula
    quadrature.py  the same for Thompson sampling; offline, with SciPy
"""
