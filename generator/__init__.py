"""OneBlock: a Ray platform in Git. Values in, checked and rendered charts out."""

__version__ = "0.1.0"
