"""Everything on this machine: embedded services, child processes, the live screen."""
