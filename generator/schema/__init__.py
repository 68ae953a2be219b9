"""What values files may say: JSON schemas, KubeRay's fields by release, Kubernetes' types by release, and the check."""

from generator.schema.chart import CHARTS, Chart, chart_schema
from generator.schema.check import check
from generator.schema.codes import CODES
from generator.schema.parts import Kind
from generator.schema.values import values_schema, write_schemas
from generator.schema.versions import DEFAULT, SUPPORTED, Product, Versions

__all__ = [
    "CHARTS",
    "CODES",
    "DEFAULT",
    "SUPPORTED",
    "Chart",
    "Kind",
    "Product",
    "Versions",
    "chart_schema",
    "check",
    "values_schema",
    "write_schemas",
]
