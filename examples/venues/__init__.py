"""Real protocols on a local chain, on a book's own oracles and rates; docs/real-protocols.md."""
