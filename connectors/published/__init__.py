"""What readers of our topics and of the serving key get: as types, and as bytes; pure."""
