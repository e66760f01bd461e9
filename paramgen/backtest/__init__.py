"""Parameters held against histories, through the exact arithmetic of the contracts."""
