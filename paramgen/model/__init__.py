"""The risk model (spec 2): pure functions of numpy arrays, one element an asset.

Rates are continuous, per year, ACT/365F; fractions are fractions, never percent; money is USD.
Arguments broadcast. NaN in, NaN out: the book has validated what a person declared, and these
functions refuse only what would silently misprice (a stale rate, a missing exit).
"""
