"""What timers cost: memory, arming and firing, lateness, and customers who only lie in Redis."""
