"""What may stand in a playbook's file, said once: for the loader, the JSON Schema and the docs."""
