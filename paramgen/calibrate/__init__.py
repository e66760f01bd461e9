"""From histories and panels to thresholds, each with its interval: evidence that a book references."""
