"""What an operator does when Redis is lost, or a topic is not the one it was."""
