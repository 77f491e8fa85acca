"""The edge: bytes in, bytes and calls out. Decides nothing."""
