"""How calls reach a chain: one file a form of governance or a venue, behind one registry."""
