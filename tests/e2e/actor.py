"""Runs on a head: adds its argument to what a detached actor has counted, and prints the sum."""

import sys

import ray

ray.init(namespace="kept", log_to_driver=False)


@ray.remote(num_cpus=0)
class Counter:
    """A number that lives as long as the actor."""

    def __init__(self) -> None:
        self.number = 0

    def add(self, by: int) -> int:
        """The new number."""
        self.number += by
        return self.number


counter = Counter.options(name="counter", lifetime="detached", get_if_exists=True).remote()  # type: ignore[attr-defined]
print(ray.get(counter.add.remote(int(sys.argv[1]))))
