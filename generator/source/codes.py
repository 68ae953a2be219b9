"""The findings of family 1: what each code means, why it is one, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Code:
    """One code's page in ``oneblock explain``. ``wrong`` and ``right`` are values files, or listings of files."""

    title: str
    why: str
    wrong: str
    right: str


_PAGES: dict[str, Code] = {
    "OB101": Code(
        "the file is not YAML",
        "The YAML parser cannot go on. The finding says what it met and where; everything after that place "
        "is unread, so one correction may bring up the next finding.",
        "rayClusters:\n  main:\n    queue: research: urgent\n",
        'rayClusters:\n  main:\n    queue: "research: urgent"\n',
    ),
    "OB102": Code(
        "a tab is used where spaces must stand",
        "YAML indents with spaces only. Editors show a tab as any number of columns, so tabs and spaces look alike.",
        "rayClusters:\n\tmain: {}\n",
        "rayClusters:\n  main: {}\n",
    ),
    "OB103": Code(
        "a key is written twice",
        "Helm takes the last of equal keys and says nothing: the first one looks set and is not.",
        "head:\n  cpu: 4\n  cpu: 8\n",
        "head:\n  cpu: 8\n",
    ),
    "OB104": Code(
        "a key is not text",
        'Helm turns keys that are booleans or numbers into text of its own: on becomes "true", 1e3 becomes '
        '"1000". It refuses null, lists and mappings as keys. {{ }} outside quotes is such a mapping: '
        "values files are not templates.",
        "labels:\n  on: yes-please\n",
        'labels:\n  "on": yes-please\n',
    ),
    "OB105": Code(
        "the file holds a second document",
        "Of a values file with several documents Helm 3 reads the first and Helm 4 merges them all.",
        "rayClusters: {}\n---\nrayJobs: {}\n",
        "rayClusters: {}\nrayJobs: {}\n",
    ),
    "OB106": Code(
        "the file is not a mapping",
        "Values are keys with values. A list or a single text at the top is usually a missing space after a"
        " colon or a stray dash.",
        "rayClusters:{}\n",
        "rayClusters: {}\n",
    ),
    "OB107": Code(
        "a word that is a boolean to Helm and text to others",
        "y, n, yes, no, on and off (in lower, upper or title case) are booleans in YAML 1.1, which Helm "
        "reads, and text in YAML 1.2. = and << are signs of YAML 1.1 and text to Helm.",
        "labels:\n  spot: yes\n",
        'labels:\n  spot: "yes"\n',
    ),
    "OB108": Code(
        "a number that is not the same number to everybody",
        "Helm reads 017 as 15, 0o17 as 15, 0b11 as 3, 1_000 as 1000 and 1e3 as 1000. YAML 1.2 reads 17, 15,"
        " text, text and 1000; YAML 1.1 reads 15, text, 3, 1000 and text. A short Git hash such as 7e1 is a"
        " number to Helm as well.",
        "env:\n  REVISION: 7e1\n",
        'env:\n  REVISION: "7e1"\n',
    ),
    "OB109": Code(
        "a date or time without quotes",
        "Helm keeps it as text. YAML 1.1 tools make a date of 2024-01-01 and the number 750 of 12:30 (base 60).",
        "labels:\n  created: 2024-01-01\n",
        'labels:\n  created: "2024-01-01"\n',
    ),
    "OB110": Code(
        "a number that Helm cannot hold",
        "Values pass through JSON with 64-bit floats: there is no infinity and no not-a-number, numbers "
        "over 1.8e308 become text, and whole numbers beyond 9007199254740992 are rounded.",
        "labels:\n  account: 9007199254740993\n",
        'labels:\n  account: "9007199254740993"\n',
    ),
    "OB111": Code(
        "a tag",
        "Helm follows !!int, !!float, !!bool and !!binary, and ignores all others without a word. Only "
        "!!str is taken here; quotes say the same.",
        "queue: !Ref research\n",
        "queue: research\n",
    ),
    "OB112": Code(
        "an alias or anchor that does not work",
        "An alias (*name) stands for the value with the anchor &name before it. It cannot stand inside that"
        " value, and two anchors of one name hide each other. Text that starts with * or & needs quotes.",
        "env:\n  PATTERN: *.log\n",
        'env:\n  PATTERN: "*.log"\n',
    ),
    "OB113": Code(
        "a merge (<<) that Helm reads otherwise",
        "<< takes a mapping or a list of mappings written in place. Helm applies it where it stands, so a "
        "<< below a key overrides that key, while other readers let the key win.",
        "base: &base {cpu: 1}\nhead:\n  cpu: 4\n  <<: *base\n",
        "base: &base {cpu: 1}\nhead:\n  <<: *base\n  cpu: 4\n",
    ),
    "OB114": Code(
        "aliases that stand for too much",
        "Aliases of aliases multiply. Helm refuses files in which more than 99 of 100 values come from "
        "aliases; a values file may get at most 200,000 values that way.",
        "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, …]\n",
        "a: [x, x, x]\n",
    ),
    "OB115": Code(
        "values nested too deep",
        "Mappings and lists may be nested 100 levels deep. Kubernetes objects need about 20.",
        "a: [[[[[[[[[[ … ]]]]]]]]]]\n",
        "a: []\n",
    ),
    "OB116": Code(
        'a directive, or text after "---"',
        'Helm 4 cuts a file at lines that begin with "---" before it reads it: a directive such as %YAML stands '
        'alone then, and text after "---" is an error. Helm 3 takes both, except %YAML 1.2.',
        "%YAML 1.2\n---\nrayClusters: {}\n",
        "rayClusters: {}\n",
    ),
    "OB117": Code(
        "a character that does not belong into YAML",
        "Control characters are not allowed in YAML text, and Helm and others disagree on a byte order mark"
        " inside a file. Both mostly come with copied text and are invisible.",
        "queue: research<U+0007>\n",
        "queue: research\n",
    ),
    "OB121": Code(
        "the file does not exist",
        "A file that was named, or the target of a link, is not there.",
        "$ oneblock validate values/namespaces/team-b.yaml\n",
        "$ oneblock validate values/namespaces/team-a.yaml\n",
    ),
    "OB122": Code(
        "not a file, or not a folder",
        "A folder, pipe or device stands where a values file should be, or a file where a folder should be.",
        "values/platform.yaml/\n",
        "values/platform.yaml\n",
    ),
    "OB123": Code(
        "the file or folder cannot be read",
        "The operating system refuses to read it; the finding gives its reason.",
        "---------- values/platform.yaml\n",
        "-rw-r--r-- values/platform.yaml\n",
    ),
    "OB124": Code(
        "a loop of links",
        "The name is a symbolic link that leads back to itself.",
        "values/platform.yaml -> platform.yaml\n",
        "values/platform.yaml\n",
    ),
    "OB125": Code(
        "the file is binary",
        "The file holds NUL bytes. Values files are text; large or binary data belongs into an image, a "
        "volume or a Secret.",
        "values/namespaces/team-a.yaml: gzip compressed data\n",
        "values/namespaces/team-a.yaml: UTF-8 text\n",
    ),
    "OB126": Code(
        "the file is not UTF-8",
        "Other encodings (Latin-1, UTF-16 from some Windows editors) are not guessed. A UTF-8 byte order mark is fine.",
        "values/namespaces/team-a.yaml: ISO-8859 text\n",
        "values/namespaces/team-a.yaml: UTF-8 text\n",
    ),
    "OB127": Code(
        "the file is too large",
        "Files of up to 32 MiB are read. Kubernetes itself stores objects of up to 1.5 MiB.",
        "48M values/namespaces/team-a.yaml\n",
        "4K values/namespaces/team-a.yaml\n",
    ),
    "OB128": Code(
        "a YAML file that is not read",
        "Read are platform.yaml and namespaces/<namespace>.yaml. A .yml file or one in another place would "
        "be missing from the cluster without a word. An error where the name shows that it was meant to be "
        "read, else a warning. Hidden files and editors' backups are passed over.",
        "values/namespaces/team-a.yml\n",
        "values/namespaces/team-a.yaml\n",
    ),
    "OB129": Code(
        "no platform.yaml",
        "A cluster is a folder with a platform.yaml: values/ for one cluster, values/<cluster>/ for several.",
        "values/namespaces/team-a.yaml\n",
        "values/platform.yaml\nvalues/namespaces/team-a.yaml\n",
    ),
    "OB130": Code(
        "a cluster inside a cluster",
        "values/ is one cluster, or the folder of several. With a platform.yaml in both places it would be "
        "unclear which one a rendered tree belongs to.",
        "values/platform.yaml\nvalues/staging/platform.yaml\n",
        "values/prod/platform.yaml\nvalues/staging/platform.yaml\n",
    ),
}

CODES: Mapping[str, Code] = MappingProxyType(_PAGES)
"""Every code that this package gives, by code."""
