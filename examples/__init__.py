"""Books to compile and programs to run."""
