"""From risk to parameters: the pure forms of lending parameters, real-valued and unencoded."""
