"""Values files, read the way Helm reads them, with the place of every value."""

from generator.source.codes import CODES, Code
from generator.source.document import Document
from generator.source.files import ClusterFiles, find_values, load
from generator.source.places import lines
from generator.source.reader import MAX_BYTES, read

__all__ = ["CODES", "MAX_BYTES", "ClusterFiles", "Code", "Document", "find_values", "lines", "load", "read"]
