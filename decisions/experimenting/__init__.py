"""What an experiment has shown: arms compared by what became of their customers.

tally.py        what is counted of an arm
quantiles.py    how far from an estimate the truth may lie, at one time or at all times
differences.py  intervals of a difference, of rates and of means
shares.py       whether arms are as large as they should be
judge.py        all of it, for one experiment
"""
