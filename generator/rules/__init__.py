"""What a values file may not say: one small function a rule, found by its code.

A family is one or more modules named ``family<N>_<subject>``; importing this package imports them all and so fills the
registry. Adding a rule is one function with ``@rule`` in such a module and one example folder under ``tests/rules/``.
"""

import os
from importlib import import_module

from generator.rules.cel import MATCH_CONDITIONS, Cel, PolicyRule
from generator.rules.registry import Finding, Rule, Scope, all_rules, check_namespace, check_platform, policies

for _file in sorted(os.listdir(os.path.dirname(__file__))):  # noqa: PTH120 PTH208 (every run waits for this)
    if _file.startswith("family") and _file.endswith(".py"):
        import_module(f"{__name__}.{_file.removesuffix('.py')}")

__all__ = [
    "MATCH_CONDITIONS",
    "Cel",
    "Finding",
    "PolicyRule",
    "Rule",
    "Scope",
    "all_rules",
    "check_namespace",
    "check_platform",
    "policies",
]
