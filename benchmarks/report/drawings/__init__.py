"""What is on each chart; `charts` makes pictures of it."""
