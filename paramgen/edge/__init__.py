"""The edge: files, chains and clocks. The core is handed what is read here."""
