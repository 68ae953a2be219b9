"""OneBlock's speed, as ratios in one run: ``python -m benchmarks``."""
