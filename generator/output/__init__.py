"""The rendered tree on disk: what is ours in it, what differs, and writing all of it or nothing.

Every folder that holds objects has a ``oneblock.sum`` (``sha256sum -c`` reads it): what is listed there is ours to
replace and delete, everything else in the tree is somebody else's and stays.
"""

from generator.output.compare import Change, Folder, OutputError, check_root, compare, folders, leftovers
from generator.output.lock import nobody_told
from generator.output.stage import Stage
from generator.output.sums import SUM_FILE

__all__ = [
    "SUM_FILE",
    "Change",
    "Folder",
    "OutputError",
    "Stage",
    "check_root",
    "compare",
    "folders",
    "leftovers",
    "nobody_told",
]
