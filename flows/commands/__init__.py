"""One module a subcommand of `touchline`, each with `command`; and the options they share."""
