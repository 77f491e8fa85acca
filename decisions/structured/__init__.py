"""Conditions written as YAML lists and mappings: which expression they mean.

They have no meaning of their own: each is written out as an expression, which is compiled like any
other. A field that may be missing is asked for first, so that a test of it is false where it is
missing, and no error.
"""
