"""Loads the usual playbook, for the process that `programs` forks: its forks have it then."""

from decisions.load import load_playbook
from tests.faults.world import PLAYBOOK

load_playbook(PLAYBOOK)
