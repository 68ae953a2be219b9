"""Redis without Ray: its data, its faults, and what its users may do."""
