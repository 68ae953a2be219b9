"""A whole Kubernetes on this machine, from plain programs, in namespaces of its own. ``cluster.Lab`` is the way in."""
