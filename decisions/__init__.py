"""Pure decisions: the playbook and what follows from it; no I/O, no clock, no engine."""
