"""Measurements of this machine and the program on it: throughput, latency, memory, peers."""
