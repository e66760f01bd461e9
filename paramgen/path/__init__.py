"""The steward's way to an artefact where its guardrails forbid the jump: fewest steps, with dates.

`reach` is one field's way, `search` the shortest way of a market's coupled fields, `plan` puts
dates to it, `saved` keeps it for review. Every step is judged by the mirror of the contracts.
"""
