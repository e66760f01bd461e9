"""What is measured beside the tests: ratios, and the bounds that they are held to."""
