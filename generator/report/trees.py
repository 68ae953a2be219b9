"""The closing words of ``oneblock render`` and ``oneblock check``: how the rendered tree changed, file by file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.report.cells import shown
from generator.report.style import PLAIN, Role, Style
from generator.report.words import amount, time


@dataclass(frozen=True, slots=True)
class TreeChange:
    """A rendered tree: ``folder`` as the user calls it, and the files below it that differ from before.

    For ``check`` they are the files that differ from what the values say: to be changed, to be added, to be removed.
    """

    folder: str
    objects: int
    namespaces: int
    changed: Sequence[str] = ()
    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    seconds: float | None = None


def rendered(tree: TreeChange, limit: int | None = 20, style: Style = PLAIN) -> str:
    """What ``render`` wrote: one line of counts, then at most ``limit`` files."""
    folder = shown(tree.folder.rstrip("/") + "/", style)
    scope = f"{amount(tree.objects, 'object')} for {amount(tree.namespaces, 'namespace')}"
    head = f"{style.paint(Role.STRONG, folder)}  {scope}: {_counts(tree)}{_took(tree)}"
    return "\n".join([head, *_files(tree, limit, style)]) + "\n"


def checked(tree: TreeChange, limit: int | None = 20, style: Style = PLAIN) -> str:
    """Whether the tree is what the values say, and if not, which files and what to do."""
    folder = style.paint(Role.STRONG, shown(tree.folder.rstrip("/") + "/", style))
    if not (tree.changed or tree.added or tree.removed):
        inner = ", ".join([amount(tree.objects, "object"), *([] if tree.seconds is None else [time(tree.seconds)])])
        return f"{folder} is what the values say ({inner})\n"
    head = f"{folder} is not what the values say: {_counts(tree)}{_took(tree)}"
    return "\n".join([head, *_files(tree, limit, style), "run oneblock render and commit the result"]) + "\n"


def _counts(tree: TreeChange) -> str:
    if not (tree.changed or tree.added or tree.removed):
        return "nothing changed"
    return f"{len(tree.changed):,} changed, {len(tree.added):,} new, {len(tree.removed):,} removed"


def _took(tree: TreeChange) -> str:
    return "" if tree.seconds is None else f" ({time(tree.seconds)})"


def _files(tree: TreeChange, limit: int | None, style: Style) -> Iterator[str]:
    """Removals first: they are what one must not miss when the list is cut."""
    marked = [
        (mark, role, file)
        for mark, role, files in (
            ("-", Role.REMOVED, tree.removed),
            ("~", Role.CHANGED, tree.changed),
            ("+", Role.ADDED, tree.added),
        )
        for file in files
    ]
    told = marked[:limit]
    for mark, role, file in told:
        yield f"  {style.paint(role, mark)} {shown(file, style)}"
    if len(told) < len(marked):
        yield f"  {style.glyphs.ellipsis} and {len(marked) - len(told):,} more"
