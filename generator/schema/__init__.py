"""What values files may say: JSON schemas, KubeRay's fields by release, Kubernetes' types by release, and the check."""

from generator.schema.check import check
from generator.schema.parts import Kind
from generator.schema.values import values_schema, write_schemas
from generator.schema.versions import DEFAULT, SUPPORTED, Product, Versions

__all__ = ["DEFAULT", "SUPPORTED", "Kind", "Product", "Versions", "check", "values_schema", "write_schemas"]
