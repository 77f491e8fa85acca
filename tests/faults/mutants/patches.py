"""The commit protocol, with one part of it taken away."""

from tests.faults.mutants.flow_patches import FLOW
from tests.faults.mutants.store_patches import STORE

PATCHES = {**STORE, **FLOW}
"""Mutant → what makes it of this process."""
