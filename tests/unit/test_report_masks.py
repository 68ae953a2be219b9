"""What is hidden, and what only looks as if it should be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.diagnostics import Diagnostic, Label, Span
from generator.report import masks
from generator.report.formats import write
from generator.report.run import Run
from generator.report.secret_keys import is_secret


@pytest.mark.parametrize(
    "name",
    [
        "password", "Password", "redis-password", "redisPassword", "REDIS_PASSWORD", "db.password", "passwd",
        "passphrase", "token", "authToken", "HF_TOKEN", "ACCESS_TOKEN_2", "secret", "clientSecret",
        "AWS_SECRET_ACCESS_KEY", "apiKey", "APIKey", "api-key", "WANDB_API_KEY", "OPENAI_KEY", "privateKey",
        "ssh-private-key", "tls.key", "credentials", "requirepass", "masterauth", "SMTP_PASS",
        "TWITTER_TOKEN_SECRET", "secretKey", "cookieSecret",
    ],
)  # fmt: skip
def test_names_that_hold_a_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "passwordSecret", "secretName", "existingSecret", "secretKeyRef", "secretRef", "imagePullSecrets",
        "imagePullSecret", "passwordKey", "tokenPath", "passwordFile", "secretNamespace", "tlsSecret", "name",
        "key", "sortKey", "keys", "queue", "compass", "bypass", "maxTokens", "max_tokens", "tokenizer",
        "secretary", "username", "automountServiceAccountTokens", "KEY", "monkey", "", "日本",
        "tokenExpirationSeconds", "authSecret", "credentialsSecret", "volumeSecret", "topologyKey",
    ],
)  # fmt: skip
def test_names_that_do_not(name: str) -> None:
    assert not is_secret(name)


def masked(text: str, index: int = -1) -> str:
    """The line of ``text`` (the last one by default) as an excerpt covers it."""
    lines = text.split("\n")
    index %= len(lines)
    line = lines[index]
    for start, end in reversed(masks.regions(lines, index, masks.continuations(lines))):
        line = f"{line[:start]}•••{line[end:]}"
    return line


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("password: hunter2", "password: •••"),
        ("  - password: hunter2  # old", "  - password: •••  # old"),
        ('password: "hun # ter"', "password: •••"),
        ('password: "hun\\"ter" # c', "password: ••• # c"),
        ("password: 'it''s'", "password: •••"),
        ("password: 'open", "password: •••"),
        ("password: a, b", "password: •••"),
        ("password: 12345", "password: •••"),
        ("password:hunter2", "password:•••"),
        ("password : hunter2", "password : •••"),
        ('"password": "hunter2"', '"password": •••'),
        ('{"password":"hunter2","user":"x"}', '{"password":•••,"user":"x"}'),
        ("redis: {password: hunter2, port: 1}", "redis: {password: •••, port: 1}"),
        ("{a: {token: x}, b: [1], apiKey: y}", "{a: {token: •••}, b: [1], apiKey: •••}"),
        ("passwords: [one, two] # c", "passwords: ••• # c"),
        ("token: !!str abc", "token: •••"),
        ("# password: hunter2", "# password: •••"),
        ("env: {HF_TOKEN: abc, RAY_X: 1}", "env: {HF_TOKEN: •••, RAY_X: 1}"),
        ("  - {name: DB_PASSWORD, value: hunter2}", "  - {name: DB_PASSWORD, value: •••}"),
        ("  - {value: hunter2, name: DB_PASSWORD}", "  - {value: •••, name: DB_PASSWORD}"),
        ("runtimeEnv: '{\"env_vars\": {\"HF_TOKEN\": \"abc\"}}'", "runtimeEnv: '{\"env_vars\": {\"HF_TOKEN\": •••}}'"),
        (r'runtimeEnv: "{\"HF_TOKEN\": \"abc\", \"a\": 1}"', r'runtimeEnv: "{\"HF_TOKEN\": •••, \"a\": 1}"'),
        ("entrypoint: python a.py --token=abc --lr=1", "entrypoint: python a.py --token=••• --lr=1"),
        ("address: redis://user:hunter2@host:6379", "address: redis://user:•••@host:6379"),
        ("address: redis://:hunter2@host:6379", "address: redis://:•••@host:6379"),
        ("x: ghp_abcdefghijklmnopqrstuvwxyz0123", "x: •••"),
        ("rayStartParams: {redis-password: hunter2}", "rayStartParams: {redis-password: •••}"),
    ],
)  # fmt: skip
def test_secrets_in_a_line(line: str, shown: str) -> None:
    assert masked(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "passwordSecret: {name: redis-auth, key: password}",
        "passwordSecret: redis-auth",
        "existingSecret: my-secret",
        "secretName: tls-cert",
        "secret: {secretName: tls-cert}",
        "imagePullSecrets: [regcred]",
        "automountServiceAccountToken: false",
        'password: ""',
        "password: ''",
        "password:",
        "password: # ask the platform team",
        "password: null",
        "password: *shared",
        "password: |",
        "password: >-",
        "password: ${REDIS_PASSWORD}",
        "password: $(REDIS_PASSWORD)",
        "args: [--password=$REDIS_PASSWORD]",
        "image: registry.example.com/token:1.2",
        "resources: {cpu: 4, memory: 16Gi}",
        "url: https://example.com:8443/token",
        "{name: LOG_LEVEL, value: debug}",
    ],
)
def test_lines_that_stay_as_they_are(line: str) -> None:
    assert masked(line) == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password: |\n  s3cr3t: a", "  •••"),
        ("a:\n  tls.key: |\n    -----BEGIN\n    deeper\n\n    last", "    •••"),
        ("password:\n  hunter2", "  •••"),
        ("tokens:\n  - abc", "  - abc"),
        ("passwords:\n- abc", "•••"),
        ('password: "one\n  two"', "  •••"),
        ("auth:\n  password: x\n  user: y", "  user: y"),
        ("secret:\n  secretName: x", "  secretName: x"),
        ("redisPassword:\n  value: hunter2", "  •••"),
        (
            "redisPassword:\n  valueFrom: {secretKeyRef: {name: a, key: b}}",
            "  valueFrom: {secretKeyRef: {name: a, key: b}}",
        ),
        ("x: y\nredisPassword: {value: hunter2}", "redisPassword: {value: •••}"),
        ("script: |\n  echo\n  tokens", "  tokens"),
        ("code: |\n  -----BEGIN RSA PRIVATE KEY-----\n  MIIEow", "  •••"),
        ("code: |\n  -----BEGIN RSA PRIVATE KEY-----\n  MIIEow\n  -----END RSA PRIVATE KEY-----\n  after", "  after"),
        ("- name: DB_PASSWORD\n  value: hunter2", "  value: •••"),
        ("- name: DB_PASSWORD\n  value: |\n    hunter2", "    •••"),
        ("- name: LOG\n  value: debug", "  value: debug"),
        ("- name: A_TOKEN\n  value: x\n- name: LOG\n  value: debug", "  value: debug"),
        ("- name: A_TOKEN\n- value: debug", "- value: debug"),
    ],
)
def test_secrets_over_several_lines(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_name_below_its_value_counts_too() -> None:
    assert masked("- value: hunter2\n  name: DB_PASSWORD", 0) == "- value: •••"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ('password: "hunter2" is too short', "password: ••• is too short"),
        ("got {'password': 'hunter2'}", "got {'password': •••}"),
        ("token: must be a string", "token: must be a string"),
        ('"password" must be a string', '"password" must be a string'),
        ("passwordSecret.name is missing", "passwordSecret.name is missing"),
        ("cannot reach redis://a:b@c", "cannot reach redis://a:•••@c"),
    ],
)
def test_messages(message: str, shown: str) -> None:
    assert masks.prose(message) == shown


def test_a_value_known_to_be_secret_leaves_every_sentence() -> None:
    lines = ["auth:", "  password: hunter2", "  user: hunter22"]
    found = Diagnostic(
        "OB205",
        "hunter2 is too short",
        Span("a.yaml", 2, 13, 2, 20),
        "hunter2",
        notes=("not 'hunter2'",),
        help="hunter22 is somebody",
        related=(Label(Span("a.yaml", 3, 9, 3, 17), "like hunter2"),),
    )
    for name in ("text", "json", "sarif", "github", "junit"):
        text = write(name, Run([found], lines={"a.yaml": lines}.get))
        assert "hunter2" not in text.replace("hunter22", ""), name
        assert "hunter22" in text, name


def test_a_secret_path_hides_a_value_written_in_an_unusual_way() -> None:
    lines = ["? password", ": hunter2"]
    value = Diagnostic("OB205", "too short", Span("a.yaml", 2, 3, 2, 10), path="auth.password")
    key = Diagnostic("OB204", "unknown", Span("a.yaml", 1, 3, 1, 11), path="auth.password")
    text = write("text", Run([value, key], lines={"a.yaml": lines}.get))
    assert "hunter2" not in text
    assert "2 │ : •••\n  │   ^^^\n" in text
    assert "1 │ ? password\n" in text


def test_values_of_a_difference() -> None:
    data = {
        "a": [{"name": "X_TOKEN", "value": "v"}],
        "password": "p",
        "user": "u",
        "tokens": 3,
        "secret": {"name": "n"},
    }
    assert masks.value("", data) == {
        "a": [{"name": "X_TOKEN", "value": "•••"}],
        "password": "•••",
        "user": "u",
        "tokens": 3,
        "secret": {"name": "n"},
    }
    assert masks.value("passwords", ["a", "b"]) == ["•••", "•••"]
    assert [masks.value("token", each) for each in (None, True, "", 7, "$(X)")] == [None, True, "", "•••", "$(X)"]


@given(st.lists(st.text(st.characters(exclude_characters="\n")), min_size=1), st.data())
def test_regions_lie_in_their_line_in_order(lines: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(lines) - 1))
    last = 0
    for start, end in masks.regions(lines, index, masks.continuations(lines)):
        assert last <= start < end <= len(lines[index])
        last = end


@given(
    st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\"'{}[]|>*$&!#,~\\"), min_size=5),
    st.integers(0, 8),
)
def test_a_plain_password_never_shows(secret: str, indent: int) -> None:
    line = f"{' ' * indent}password: {secret}x"
    assert masked(line) == f"{' ' * indent}password: •••"


@pytest.mark.parametrize(
    "part",
    [
        "password: ",
        "password: x, ",
        '"',
        "'",
        "{[password: ",
        "name: A_TOKEN, value: x ",
        "a ",
        "- ",
        "\\",
        "token=x ",
        "eyJ-",
    ],
)
def test_a_line_of_megabytes_is_read_in_one_pass(part: str) -> None:
    line = part * (1_000_000 // len(part))
    found = Diagnostic("OB101", "m", Span("f", 1, 400_000, 1, 400_009))
    text = write("text", Run([found], lines={"f": [line]}.get))
    assert len(text) < 1000


def test_touching_secrets_are_one() -> None:
    assert masked("url: redis://a:token=hunter2@host") == "url: redis://a:•••"
