"""Next best offer: who may get which, through which channel, and what became of it."""
