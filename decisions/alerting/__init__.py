"""What alerts remember, count, wait for and say."""
