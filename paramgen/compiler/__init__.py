"""The compile step: evidence and policy in, every parameter with its because out.

Order of one asset, without iteration: benchmark and risk → staleness, band, tolerance → decay →
exits → bonus → liquidation threshold → loan to value → lender's yield → rates → caps → integers →
checks on the tuple that lands.
"""
