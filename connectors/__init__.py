"""The edge: bytes in, bytes and calls out; decides nothing."""
