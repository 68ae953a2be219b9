"""One Redis: its data, its faults, what its users may do, and Ray that keeps its state in it."""
