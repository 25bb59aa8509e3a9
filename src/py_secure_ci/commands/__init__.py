"""One file per subcommand: arguments in, exit status out."""
