"""Hides secrets in whatever is about to be shown: excerpts, messages, both sides of a difference.

Works on text that may not be valid YAML (that is when excerpts are needed most), so it reads lines, not documents, and
errs towards hiding: a value hidden without need costs a look into the file, one shown may cost a credential.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator.report.secret_keys import is_secret

MASK = "•••"
"""What stands for a secret; three wherever it is shown, so that not even its length is told."""

Region = tuple[int, int]
"""Code points ``start`` (inclusive) to ``end`` (exclusive) of one line."""

_KEY = re.compile(r"""(?<![\w.\-/$])(?P<key>[\w$][\w.\-/$]*+)(?:\\*+["'])?\s*+:""")
_ASSIGNMENT = re.compile(
    r"""(?<![\w.\-])-{0,2}(?P<key>[A-Za-z][\w.\-]*+)=(?P<value>\\*"[^"\\]*|'[^']*|[^\s,;&"'\]})\\]++)"""
)
_SINGLE = re.compile(r"(?:[^']|'')*+'")
_NAMED = re.compile(r"""\bname["']?\s*+:\s*+["']?(?P<name>[\w.\-]++)["']?\s*+,\s*+["']?value["']?\s*+:""")
_NAMED_AFTER = re.compile(r"""\bvalue["']?\s*+:(?=[^,{}]++,\s*+["']?name["']?\s*+:\s*+["']?(?P<name>[\w.\-]++))""")
_ITEM_START = re.compile(r"""(?:^|[{\[,])[\s\-]*["']?$""")
_SHAPES = re.compile(
    r"://[^\s/:@\"']*:(?P<url>[^\s/@\"']++)@"
    r"|\b(?P<token>gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w\-]{16,}|xox[abeprs]-[\w\-]{10,}|hf_\w{20,}"
    r"|AKIA[0-9A-Z]{16}|sk-[\w\-]{20,}|eyJ[\w\-]{8,}\.eyJ[\w\-]{8,}\.[\w\-]+)"
)
# What may stand after a secret's key without being one: nothing, switches, references to something else, block headers.
_HARMLESS = re.compile(
    r"""(?:["']{2}|true|false|yes|no|null|~|\*[\w\-]+|\$\(\w+\)|\$\{\w+\}|\$\w+|[|>][+\-0-9]*|\{.*|)$""", re.IGNORECASE
)
_LINE = re.compile(r"""(?P<lead>\s*(?:-\s+)*)["']?(?P<key>[^\s"'#{}\[\],:][^"'#{}\[\],:]*?)["']?\s*:(?P<rest>\s.*)?$""")
_BLOCK = re.compile(r"\s*(?:[&!]\S+\s+)*[|>][+\-0-9]*\s*(?:#.*)?$")
_PRIVATE = "PRIVATE KEY-----"
_FAR = 2000  # lines looked at above a line; no key material is longer


def regions(lines: Sequence[str], index: int) -> tuple[Region, ...]:
    """The parts of ``lines[index]`` that hold a secret, from left to right."""
    line = lines[index].rstrip("\r\n")
    if _inside_secret(lines, index):
        start = len(line) - len(line.lstrip(" \t"))
        return ((start, len(line)),) if line.strip() else ()
    found = [*_pairs(line), *_assignments(line), *_shapes(line)]
    entry = _LINE.match(line)
    if entry and entry["key"] == "value" and entry["rest"] and _named_secret(lines, index):
        found += _value_at(line, len(line) - len(entry["rest"].lstrip()))
    return _merged(found)


def prose(text: str, known: Sequence[str] = ()) -> str:
    """A message without secrets: values ``known`` to be secret, quoted values of secret keys, tokens by their shape."""
    for value in sorted(known, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", MASK, text)
    spans = [region for region in _pairs(text) if text[region[0]] in "\"'\\"]
    for start, end in reversed(_merged([*spans, *_assignments(text), *_shapes(text)])):
        text = text[:start] + MASK + text[end:]
    return text


def value(name: str, data: Any) -> Any:
    """``data``, found under the key ``name``, with every secret in it replaced by :data:`MASK`."""
    if isinstance(data, Mapping):
        named = data.get("name")
        return {
            key: value(str(named) if key == "value" and isinstance(named, str) else str(key), each)
            for key, each in data.items()
        }
    if isinstance(data, list | tuple):
        return [value(name, each) for each in data]
    if data is None or isinstance(data, bool) or data == "":
        return data
    if is_secret(name) and not _HARMLESS.match(str(data)):
        return MASK
    return prose(data) if isinstance(data, str) else data


def unquoted(text: str) -> str:
    """A scalar without its quotes."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _pairs(text: str) -> list[Region]:
    found: list[Region] = []
    for match in _KEY.finditer(text):
        if not is_secret(match["key"]):
            continue
        # "password:hunter2" is not a pair in YAML, but the slip is common and the secret is there all the same.
        spaced = match.end() == len(text) or text[match.end()] in " \t\"'\\"
        if spaced or _ITEM_START.search(text[: match.start()]):
            found += _value_at(text, match.end())
    for pattern in (_NAMED, _NAMED_AFTER):  # `{name: HF_TOKEN, value: …}`, env as Kubernetes has it
        for match in pattern.finditer(text):
            found += _value_at(text, match.end()) if is_secret(match["name"]) else []
    return found


def _value_at(text: str, start: int) -> list[Region]:
    """Where the scalar (or flow list) that starts at or after ``start`` lies, if it is one worth hiding."""
    while start < len(text) and text[start] in " \t":
        start += 1
    opening = re.compile(r"""\\*["']""").match(text, start)
    if opening:
        quote = opening[0]
        closing = _SINGLE if quote == "'" else re.compile(rf".*?(?<!\\){re.escape(quote)}")
        closed = closing.match(text, opening.end())
        end = closed.end() if closed else len(text)
    elif text[start : start + 1] == "[":
        end = text.find("]", start) + 1 or len(text)
    else:
        before = text[:start]
        flow = sum(map(before.count, "{[")) > sum(map(before.count, "}]"))
        stop = re.compile(r"""[,}\]]|\s#""" if flow else r"\s#").search(text, start)
        end = stop.start() if stop else len(text)
    end = start + len(text[start:end].rstrip())
    return [] if text[start : start + 1] in {"", "#"} or _HARMLESS.match(text[start:end]) else [(start, end)]


def _assignments(text: str) -> list[Region]:
    found = [match for match in _ASSIGNMENT.finditer(text) if is_secret(match["key"])]
    return [match.span("value") for match in found if not _HARMLESS.match(match["value"])]


def _shapes(text: str) -> list[Region]:
    return [match.span("url" if match["url"] else "token") for match in _SHAPES.finditer(text)]


def _merged(found: Sequence[Region]) -> tuple[Region, ...]:
    joined: list[Region] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _inside_secret(lines: Sequence[str], index: int) -> bool:
    """Whether this line is the continuation of a secret: of a block scalar, of a list, of a key on the line above."""
    line = lines[index]
    own_key = _LINE.match(line) is not None
    level = _indent(line) + line.lstrip(" ").startswith("- ")  # a list may stand as far left as its key
    direct, armoured = True, True
    for at in range(index - 1, max(-1, index - _FAR), -1):
        above = lines[at]
        if armoured and _PRIVATE in above and _indent(above) == _indent(line):
            if "BEGIN" in above:
                return True
            armoured = False
        if not above.strip() or _indent(above) >= level:
            continue
        level = _indent(above)
        entry = _LINE.match(above)
        if entry:
            block = bool(_BLOCK.match(entry["rest"] or ""))
            secret = is_secret(entry["key"]) or (entry["key"] == "value" and _named_secret(lines, at))
            if secret and (block or (direct and not own_key)):
                return True
        direct = False
        if level == 0:
            break
    return False


def _named_secret(lines: Sequence[str], index: int) -> bool:
    """Whether the mapping of ``lines[index]`` has a ``name`` that announces a secret: ``env`` as Kubernetes has it."""
    own = _LINE.match(lines[index])
    if own is None:
        return False
    column = len(own["lead"])
    for step in (-1, 1):
        at = index
        while True:
            if step == -1 and "-" in lines[at][:column]:
                break
            at += step
            if not 0 <= at < len(lines):
                break
            entry = _LINE.match(lines[at])
            if entry is None or len(entry["lead"]) != column or (step == 1 and "-" in entry["lead"]):
                break
            if entry["key"] == "name":
                return is_secret(unquoted((entry["rest"] or "").strip()))
    return False
