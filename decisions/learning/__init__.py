"""What is learned of offers: counters that fade, what is believed of each arm, and who goes first.

An arm is an offer shown through a channel in a bucket of the context. From outside come counters,
the time, and an id to draw with; what comes out is a propensity for each arm.

    counter.py   tries and what was taken, fading, of one arm in one shard
    arms.py      which row an arm has
    table.py     the counters of all arms and shards in one process
    beliefs.py   counters and a start → Beta(alpha, beta) for each arm
    draws.py     dice that a decision's id loads
    policies/    beliefs and dice → propensities
    chances.py   how likely the first one was, of policies where that is a formula
    quadrature.py  the same for Thompson sampling; offline, with SciPy
"""
