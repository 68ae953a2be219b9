"""The book of codes: every finding there can be, for ``rules``, ``explain`` and the formats that describe rules."""

from __future__ import annotations

from dataclasses import dataclass

from generator.rules import all_rules
from generator.schema.codes import CODES as SCHEMA_CODES
from generator.source.codes import CODES as SOURCE_CODES

FAMILIES = {
    1: "YAML",
    2: "schema",
    3: "references and grants",
    4: "KubeRay's own rules",
    5: "Volcano's rules",
    6: "capacity",
    7: "Redis and GCS",
    8: "GitOps and rendering",
    9: "versions",
}


@dataclass(frozen=True, slots=True)
class Page:
    """What ``oneblock explain`` shows of one code."""

    code: str
    title: str
    explanation: str
    level: str = "error"
    example: str = ""
    source: str = ""
    policies: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The family's name."""
        return FAMILIES[int(self.code[2])]


RENDER_CODES = {
    "OB801": Page(
        "OB801",
        "Helm cannot render this",
        "The values passed every check and a chart still refused them; Helm's own words are in the message. OneBlock "
        "should have said it first: please report it with the file.",
    )
}


def pages() -> dict[str, Page]:
    """Every code's page, by code."""
    book = dict(RENDER_CODES)
    for code, each in {**SOURCE_CODES, **SCHEMA_CODES}.items():
        book[code] = Page(code, each.title, each.why, example=f"# wrong\n{each.wrong}\n\n# right\n{each.right}")
    for rule in all_rules():
        kinds = tuple(dict.fromkeys(kind for cel in rule.cel for kind in cel.kinds))
        book[rule.code] = Page(rule.code, rule.title, rule.explanation, rule.level, source=rule.source, policies=kinds)
    return dict(sorted(book.items()))


def titles() -> dict[str, tuple[str, str]]:
    """Code → (title, explanation)."""
    return {code: (page.title, page.explanation) for code, page in pages().items()}
