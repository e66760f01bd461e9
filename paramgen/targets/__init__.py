"""How calls reach a chain: one file a form of governance, all behind one registry."""
