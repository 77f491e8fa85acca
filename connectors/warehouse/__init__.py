"""Tables for analysts: what a row is, and how rows get into Delta."""
