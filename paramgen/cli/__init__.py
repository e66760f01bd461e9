"""The command line: thin commands over the compiler, one file a command."""
