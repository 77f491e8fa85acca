"""What learning gains: policies in worlds whose truth is known, ours and those of others."""
