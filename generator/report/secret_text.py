"""Where a line of text holds a secret: ``password: …``, ``--token=…``, ``redis://user:…@host``, tokens by their shape.

Works on text that may not be valid YAML (that is when excerpts are needed most) and in time linear in its length: the
text is the user's, and a line may be megabytes long. Errs towards hiding: a value hidden without need costs a look into
the file, one shown may cost a credential.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from generator.report.secret_keys import is_secret

Region = tuple[int, int]
"""Code points ``start`` (inclusive) to ``end`` (exclusive) of one line."""

_KEY = re.compile(r"""(?<![\w.\-/$])(?P<key>[\w$][\w.\-/$]*+)(?:\\*+["'])?\s*+:""")
# Environment variables as Kubernetes has them: `{name: HF_TOKEN, value: …}`, in either order.
_NAMED = re.compile(
    r"""\bname["']?\s*+:\s*+["']?(?P<before>[\w.\-]++)["']?\s*+,\s*+["']?value["']?\s*+:"""
    r"""|\bvalue["']?\s*+:(?=[^,{}]++,\s*+["']?name["']?\s*+:\s*+["']?(?P<after>[\w.\-]++))"""
)
# KubeRay's Redis credentials: `redisPassword: {value: …}`.
_WRAPPED = re.compile(r"""(?<![\w.\-/$])(?P<key>[\w$][\w.\-/$]*+)["']?\s*+:\s*+\{[^{}]{0,200}?\bvalue["']?\s*+:""")
_ASSIGNMENT = re.compile(
    r"""(?<![\w.\-])-{0,2}(?P<key>[A-Za-z][\w.\-]*+)=(?P<value>\\*"[^"\\]*|'[^']*|[^\s,;&"'\]})\\]++)"""
)
_SHAPES = re.compile(
    r"://[^\s/:@\"']{0,200}:(?P<url>[^\s/@\"']{1,400})@"
    r"|\b(?P<token>gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w\-]{16,400}|xox[abeprs]-[\w\-]{10,400}|hf_\w{20,}"
    r"|AKIA[0-9A-Z]{16}|sk-[\w\-]{20,400}|eyJ[\w\-]{8,400}\.eyJ[\w\-]{8,4000}\.[\w\-]{1,4000})"
)
# What may stand after a secret's key without being one: nothing, switches, references to something else, block headers.
_HARMLESS = re.compile(
    r"""(?:["']{2}|true|false|yes|no|null|~|\*[\w\-]+|\$\(\w+\)|\$\{\w+\}|\$\w+|[|>][+\-0-9]*|)$""", re.IGNORECASE
)
_ITEM_START = re.compile(r"""(?:^|[{\[,])[\s\-]*["']?$""")
_SPACE = re.compile(r"[ \t]*+")
_QUOTE = re.compile(r"""\\*+["']""")
_SINGLE = re.compile(r"(?:[^']|'')*+'")
_FLOW_END, _BLOCK_END = re.compile(r"[,}\]]|\s#"), re.compile(r"\s#")


def is_harmless(scalar: str) -> bool:
    """Whether a scalar is no secret even under a secret's key."""
    return _HARMLESS.match(scalar) is not None


def regions(text: str) -> tuple[Region, ...]:
    """Every secret in a line, from left to right."""
    return merged([*_pairs(text), *_assignments(text), *_shapes(text)])


def quoted_regions(text: str) -> tuple[Region, ...]:
    """The same for prose, where what follows "password:" is a sentence unless it is quoted."""
    quoted = [region for region in _pairs(text) if text[region[0]] in "\"'\\"]
    return merged([*quoted, *_assignments(text), *_shapes(text)])


def merged(found: Sequence[Region]) -> tuple[Region, ...]:
    """Regions in order, those that touch made one."""
    joined: list[Region] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def value_at(text: str, start: int, *, flow: bool = False) -> Region | None:
    """Where the scalar or flow list after ``start`` lies, if it is one worth hiding; ``flow`` = inside braces."""
    start = _end_of(_SPACE, text, start, start)
    if text[start : start + 1] in {"", "#", "{"}:
        return None
    quote = _QUOTE.match(text, start)
    if quote:
        closing = _SINGLE if quote[0] == "'" else re.compile(rf".*?(?<!\\){re.escape(quote[0])}")
        end = _end_of(closing, text, quote.end(), len(text))
    elif text[start] == "[":
        end = text.find("]", start) + 1 or len(text)
    else:
        stop = (_FLOW_END if flow else _BLOCK_END).search(text, start)
        end = stop.start() if stop else len(text)
    scalar = text[start:end].rstrip()
    return None if is_harmless(scalar) else (start, start + len(scalar))


def _end_of(pattern: re.Pattern[str], text: str, start: int, otherwise: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else otherwise


def _pairs(text: str) -> Iterator[Region]:
    done = counted = depth = 0
    for start in sorted({*_after_keys(text), *_after_names(text), *_after_wrapped(text)}):
        if start < done:  # inside a value that is hidden already
            continue
        opened, closed = (sum(text.count(char, counted, start) for char in pair) for pair in ("{[", "}]"))
        counted, depth = start, depth + opened - closed
        found = value_at(text, start, flow=depth > 0)
        if found:
            done = found[1]
            yield found


def _after_keys(text: str) -> Iterator[int]:
    for match in _KEY.finditer(text):
        if is_secret(match["key"]):
            # "password:hunter2" is not a pair in YAML, but the slip is common and the secret is there all the same.
            spaced = match.end() == len(text) or text[match.end()] in " \t\"'\\"
            if spaced or _ITEM_START.search(text[max(0, match.start() - 100) : match.start()]):
                yield match.end()


def _after_names(text: str) -> Iterator[int]:
    return (match.end() for match in _NAMED.finditer(text) if is_secret(match["before"] or match["after"]))


def _after_wrapped(text: str) -> Iterator[int]:
    return (match.end() for match in _WRAPPED.finditer(text) if is_secret(match["key"]))


def _assignments(text: str) -> Iterator[Region]:
    for match in _ASSIGNMENT.finditer(text):
        if is_secret(match["key"]) and not is_harmless(match["value"]):
            yield match.span("value")


def _shapes(text: str) -> Iterator[Region]:
    return (match.span("url" if match["url"] else "token") for match in _SHAPES.finditer(text))
