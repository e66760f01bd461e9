"""A proposal for people who vote: written from a plan, and held to a recompiled book."""
