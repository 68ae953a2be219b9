"""What a values file may not say: one small function a rule, found by its code.

A family is one or more modules named ``family<N>_<subject>``; importing this package imports them all and so fills the
registry. Adding a rule is one function with ``@rule`` in such a module and one example folder under ``tests/rules/``.
"""

from importlib import import_module
from pathlib import Path

from generator.rules.cel import MATCH_CONDITIONS, Cel, PolicyRule
from generator.rules.registry import Finding, Rule, Scope, all_rules, check_namespace, check_platform, policies

for _module in sorted(Path(__file__).parent.glob("family*.py")):
    import_module(f"{__name__}.{_module.stem}")

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
