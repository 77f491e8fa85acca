"""From source text to syntax tree: the grammar of CEL, as far as this language goes."""
