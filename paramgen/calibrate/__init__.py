"""From histories and panels to thresholds, each with its interval: evidence for a book."""
