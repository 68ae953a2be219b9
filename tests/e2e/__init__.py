"""OneBlock on a real cluster: the tests, and the harness that starts a cluster where there is none."""
