"""The commit protocol, with one part of it taken away."""

from tests.faults.mutants.flow_patches import FLOW
from tests.faults.mutants.forward_patches import FORWARD_PATCHES
from tests.faults.mutants.store_patches import STORE
from tests.faults.mutants.taught_patches import TAUGHT_PATCHES

PATCHES = {**STORE, **FLOW, **FORWARD_PATCHES, **TAUGHT_PATCHES}
"""Mutant → what makes it of this process."""
