"""One module a subcommand of `touchline`; each defines `command`, a click command."""
