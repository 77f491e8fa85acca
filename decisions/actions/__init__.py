"""What others are asked to do: kinds of actions, how a playbook says them, how they are made."""
