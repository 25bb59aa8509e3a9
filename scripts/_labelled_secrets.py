"""A labelled set for secret scanners: made afresh from a seed, so that no file of this repository holds anything alike.

Every value is random and belongs to nobody; forms with a check sum have a right one, as real ones do. One file holds
one thing: a secret of a known kind, or something innocent that looks like one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_WORDS = string.ascii_letters + string.digits
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_UPPER = string.ascii_uppercase + string.digits
_URL = _WORDS + "-_"


@dataclass(frozen=True)
class Case:
    """One file. `kind` of a secret; or of an innocent thing, where `secret` is false."""

    path: str
    text: str
    kind: str
    secret: bool
    encoding: str = "utf-8"


class Maker:
    """Random values of every form."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - the same set each time; nothing of it protects anything

    def some(self, count: int, letters: str = _WORDS) -> str:
        return "".join(self.random.choices(letters, k=count))

    def hexa(self, count: int) -> str:
        return self.some(count, "0123456789abcdef")

    def b64(self, size: int) -> str:
        return base64.b64encode(self.random.randbytes(size)).decode()

    def summed(self, prefix: str) -> str:
        """30 characters and their CRC-32 in base 62, as GitHub and npm do it."""
        body, digits = self.some(30), ""
        rest = zlib.crc32(body.encode())
        while rest:
            rest, digit = divmod(rest, 62)
            digits = _BASE62[digit] + digits
        return prefix + body + digits.rjust(6, "0")

    def jwt(self) -> str:
        head, body = ({"alg": "HS256", "typ": "JWT"}, {"sub": self.some(10, string.digits), "iat": 1516239022})
        parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in (head, body)]
        return ".".join([*parts, self.some(43, _URL)])

    def password(self) -> str:
        """As a password manager makes them: no word, every class of characters."""
        return self.some(6) + self.random.choice("!%*+.") + self.some(8) + self.random.choice("0123456789")

    def pem(self, kind: str) -> str:
        body = self.b64(600)
        lines = [body[at : at + 64] for at in range(0, len(body), 64)]
        return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"])


# kind -> (what a developer calls it, how it is made)
TOKENS: dict[str, tuple[str, Callable[[Maker], str]]] = {
    "AWS access key": ("aws_access_key_id", lambda m: "AKIA" + m.some(16, string.ascii_uppercase + "234567")),
    "AWS secret key": ("aws_secret_access_key", lambda m: m.some(40, _WORDS + "/+")),
    "GitHub token, classic": ("github_token", lambda m: m.summed("ghp_")),
    "GitHub token, fine-grained": ("gh_token", lambda m: "github_" + f"pat_{m.some(22)}_{m.some(59)}"),
    "GitLab token": ("gitlab_token", lambda m: "glpat" + "-" + m.some(20, _URL)),
    "Slack token": (
        "slack_token",
        lambda m: "xoxb" + f"-{m.some(12, string.digits)}-{m.some(12, string.digits)}-{m.some(24)}",
    ),
    "Slack webhook": (
        "slack_url",
        lambda m: "https://hooks.slack" + f".com/services/T{m.some(8, _UPPER)}/B{m.some(8, _UPPER)}/{m.some(24)}",
    ),
    "Stripe key": ("stripe_key", lambda m: "sk_" + "live_" + m.some(24)),
    "OpenAI key": ("openai_key", lambda m: "sk-" + f"proj-{m.some(74)}T3Blbk" + f"FJ{m.some(74)}"),
    "Anthropic key": ("anthropic_key", lambda m: "sk-ant" + f"-api03-{m.some(93, _URL)}AA"),
    "PyPI token": ("pypi_token", lambda m: "pypi-" + "AgEIcHlwaS5vcmc" + m.some(140, _URL)),
    "npm token": ("npm_token", lambda m: m.summed("npm_")),
    "SendGrid key": ("sendgrid_key", lambda m: "SG" + f".{m.some(22, _URL)}.{m.some(43, _URL)}"),
    "Google API key": ("google_key", lambda m: "AIza" + m.some(35, _URL)),
    "Hugging Face token": ("hf_token", lambda m: "hf" + "_" + m.some(34, string.ascii_letters)),
    "DigitalOcean token": ("do_token", lambda m: "dop_" + "v1_" + m.hexa(64)),
    "Shopify token": ("shop_token", lambda m: "shpat" + "_" + m.hexa(32)),
    "JSON web token": ("auth", lambda m: m.jwt()),
    "Postgres address": ("database_url", lambda m: "postgresql" + f"://app:{m.some(18)}@db.{m.some(8).lower()}.net/main"),
    "MongoDB address": (
        "mongo_url",
        lambda m: "mongodb+srv" + f"://app:{m.some(18)}@cluster0.{m.some(5).lower()}.mongodb.net/x",
    ),
    "user and password in an address": ("mirror", lambda m: "https" + f"://deploy:{m.some(20)}@pkg.{m.some(7).lower()}.io/a"),
    "password": ("db_password", lambda m: m.password()),
    "API key, hexadecimal": ("api_key", lambda m: m.hexa(32)),
    "API key, base64": ("client_secret", lambda m: m.b64(30)),
}  # fmt: skip

CARRIERS: dict[str, Callable[[str, str], str]] = {
    "settings.py": lambda name, value: f'"""Settings."""\n\nDEBUG = False\n{name.upper()} = "{value}"\n',
    "client.py": lambda name, value: f"def make():\n    return Client(timeout=30, {name}='{value}')\n",
    "deploy.yaml": lambda name, value: f"service:\n  replicas: 2\n  {name}: {value}\n",
    "production.env": lambda name, value: f"PORT=8000\n{name.upper()}={value}\n",
    "config.json": lambda name, value: json.dumps({"port": 8000, name: value}, indent=2) + "\n",
    "app.ini": lambda name, value: f"[app]\nport = 8000\n{name} = {value}\n",
    "notes.ipynb": lambda name, value: (
        json.dumps({"cells": [{"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [],
                               "source": [f'{name} = "{value}"\n']}],
                    "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"
    ),
}  # fmt: skip


def cases(seed: int = 7) -> tuple[Case, ...]:
    """The whole set, the same for the same seed."""
    made = (*_tokens(Maker(seed)), *_others(Maker(seed + 1)), *_innocent(Maker(seed + 2)))
    return tuple(
        Case(f"{'s' if one.secret else 'i'}{number:03d}/{one.path}", one.text, one.kind, one.secret, one.encoding)
        for number, one in enumerate(made)
    )


def write(folder: Path, every: tuple[Case, ...]) -> None:
    """Put the files there."""
    for one in every:
        (folder / one.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / one.path).write_bytes(one.text.encode(one.encoding))


def _tokens(maker: Maker) -> Iterator[Case]:
    for kind, (name, make) in TOKENS.items():
        for file, carry in CARRIERS.items():
            yield Case(file, carry(name, make(maker)), kind, True)


def _others(m: Maker) -> Iterator[Case]:
    """Secrets that have a place of their own, or stand where they are hard to see."""
    for kind in ("RSA ", "EC ", "OPENSSH ", ""):
        key = m.pem(f"{kind}PRIVATE" + " KEY")
        yield Case("id_rsa", key + "\n", "private key", True)
        yield Case("keys.py", f'KEY = """{key}\n"""\n', "private key", True)
        yield Case("secret.json", json.dumps({"private_key": key + "\n"}) + "\n", "private key", True)
    for carrier in ("credentials", "aws.env", "deploy.py", "aws.yaml"):
        quote, sign = ('"', " = ") if carrier.endswith("py") else ("", ": " if carrier.endswith("yaml") else " = ")
        pair = (("aws_access_key_id", TOKENS["AWS access key"]), ("aws_secret_access_key", TOKENS["AWS secret key"]))
        lines = [f"{name}{sign}{quote}{make(m)}{quote}" for name, (_, make) in pair]
        yield Case(carrier, "\n".join([*lines, ""]), "AWS key with its secret", True)
    for _ in range(3):
        account = f"DefaultEndpointsProtocol=https;AccountName={m.some(8).lower()};AccountKey={m.b64(64)};"
        yield Case("store.py", f'CONNECTION = "{account}EndpointSuffix=core.windows.net"\n', "Azure storage key", True)
        yield Case(
            "settings.py", f'SECRET_KEY = "{m.some(50, _WORDS + "!@%^&*(-_=+)")}"\n', "Django's SECRET_KEY", True
        )
        yield Case("app.py", f'app.secret_key = b"{m.some(24)}"\n', "Flask's secret_key", True)
        header = f'headers = {{"Authorization": "Bearer {m.some(48)}"}}\n'
        yield Case("call.py", f"import httpx\n\n{header}", "bearer in a header", True)
        yield Case(
            "ci.sh", f"curl -u deploy:{m.some(20)} https://pkg.example.net/upload\n", "user and password of curl", True
        )
        yield Case(".netrc", f"machine pkg.example.net login deploy password {m.some(20)}\n", ".netrc", True)
        yield Case(".pypirc", f"[pypi]\nusername = deploy\npassword = {m.password()}\n", ".pypirc", True)
        auth = base64.b64encode(f"deploy:{m.some(20)}".encode()).decode()
        yield Case(
            "docker.json", json.dumps({"auths": {"reg.example.net": {"auth": auth}}}) + "\n", "docker's auth", True
        )
        hidden = base64.b64encode(m.password().encode()).decode()
        yield Case("k8s.yaml", f"kind: Secret\ndata:\n  password: {hidden}\n", "Kubernetes secret (base64)", True)
        token = m.summed("ghp_")
        split = f'TOKEN = (\n    "{token[:20]}"\n    "{token[20:]}"\n)\n'
        yield Case("split.py", split, "token in two strings", True)
        long = f"steps:\n  - run: |\n      export X=1\n      export GH_TOKEN={m.summed('ghp_')}\n      make\n"
        yield Case("ci.yml", long, "token in a block of YAML", True)
        output = {"cells": [{"cell_type": "code", "execution_count": 1, "metadata": {}, "source": ["!env\n"], "outputs": [  # noqa: E501
            {"name": "stdout", "output_type": "stream", "text": [f"GH_TOKEN={m.summed('ghp_')}\n"]}]}],
            "metadata": {}, "nbformat": 4, "nbformat_minor": 5}  # fmt: skip
        yield Case("run.ipynb", json.dumps(output, indent=1) + "\n", "token in a notebook's output", True)
        yield Case("README.md", f"Use `export GITHUB_TOKEN={m.summed('ghp_')}`.\n", "token in prose", True)
        yield Case(
            "b64.py", f'BLOB = "{base64.b64encode(m.summed("ghp_").encode()).decode()}"\n', "token in base64", True
        )
        yield Case("comment.py", f"# old: {m.summed('ghp_')}\nx = 1\n", "token in a comment", True)
        crlf = f"A=1\r\nGITHUB_TOKEN={m.summed('ghp_')}\r\n"
        yield Case("windows.env", crlf, "token between Windows line ends", True)
        yield Case("wide.txt", f"token = '{m.summed('ghp_')}'\n", "token in UTF-16", True, "utf-16")


PLACEHOLDERS = (
    'password = "changeme"', 'password = ""', 'password = None', 'PASSWORD = "<your-password>"',
    'api_key = "YOUR_API_KEY"', 'token = "xxxxxxxxxxxxxxxx"', 'secret = "${SECRET}"', 'password = os.environ["PASSWORD"]',  # noqa: E501
    'password = getpass.getpass("Password: ")', 'api_key = settings.API_KEY', 'token = request.headers["X-Token"]',
    'secret_key = "dev"', 'PASSWORD_FIELD = "password"', 'password_reset_url = "accounts/password_reset/done"',
    'token_type = "bearer"', 'secret_name = "prod/db/main"', 'password: str = Field(..., min_length=8)',
    'self.password = password', 'if password != confirm_password: raise ValueError("passwords differ")',
    'TOKEN_URL = "https://auth.example.org/oauth/token"', 'help = "Read the password from the environment"',
    'auth = ("user", "pass")', 'KEY_PREFIX = "user:session:"', 'API_KEY_HEADER = "X-API-Key"',
    'DATABASE_URL = "postgresql://user:password@localhost/db"', 'PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]',  # noqa: E501
    'aws_access_key_id = "AKIAIOSFODNN7' + 'EXAMPLE"', 'GH = re.compile(r"ghp_[A-Za-z0-9]{36}")',
    'credentials = load_credentials("~/.aws/credentials")', 'token = "test-token"', 'private_key_path = "/etc/ssl/private/server.key"',  # noqa: E501
    'secret = secrets.token_urlsafe(32)',
)  # fmt: skip


def _innocent(m: Maker) -> Iterator[Case]:
    """What looks like a secret and is none."""
    for line in PLACEHOLDERS:
        yield Case("code.py", f"import os\n\n{line}\n", "placeholder or reference", False)
    for _ in range(4):
        digest = hashlib.sha256(m.random.randbytes(9))
        yield Case("digest.py", f'SHA256 = "{digest.hexdigest()}"\n', "check sum", False)
        yield Case("commit.py", f'COMMIT = "{m.hexa(40)}"\n', "commit id", False)
        yield Case("ids.py", f'NAMESPACE = uuid.UUID("{uuid.UUID(int=m.random.getrandbits(128))}")\n', "UUID", False)
        yield Case("reqs.txt", f"flask==3.0.0 \\\n    --hash=sha256:{m.hexa(64)}\n", "hash of a requirement", False)
        yield Case("Dockerfile", f"FROM python:3.12@sha256:{m.hexa(64)}\n", "digest of an image", False)
        yield Case("ci.yml", f"steps:\n  - uses: actions/checkout@{m.hexa(40)} # v4\n", "pinned action", False)
        sri = f'<script src="a.js" integrity="sha384-{m.b64(48)}"></script>\n'
        yield Case("page.html", sri, "subresource integrity", False)
        yield Case(
            "style.css", f"a{{background:url(data:image/png;base64,{m.b64(300)})}}\n", "picture in base64", False
        )
        mini = ";".join(f"function {m.some(1, 'abcdef')}{m.some(1)}(t,e){{return t.{m.some(5)}(e)}}" for _ in range(60))
        yield Case("app.min.js", f"!{mini}\n", "minified JavaScript", False)
        yield Case("key.pub", f"ssh-rsa AAAAB3NzaC1yc2E{m.b64(270)} a@b\n", "public SSH key", False)
        yield Case("cert.pem", m.pem("CERTIFICATE") + "\n", "certificate", False)
        yield Case("public.pem", m.pem("PUBLIC KEY") + "\n", "public key", False)
        yield Case("shop.js", f'const stripe = Stripe("pk_live_{m.some(24)}");\n', "publishable key", False)
        yield Case("0001_a.py", f'revision = "{m.hexa(12)}"\ndown_revision = "{m.hexa(12)}"\n', "migration id", False)
        words = "".join(m.random.choice(["user", "Order", "Http", "Cache", "Invoice", "Handler"]) for _ in range(7))
        yield Case("names.py", f'CLASS = "{words}"\nPATH = "app.{words.lower()}.views"\n', "long name", False)
        yield Case(
            "de.json", json.dumps({"password": "Passwort", "token": "Zeichenkette"}) + "\n", "translation", False
        )
        schema = {"properties": {"password": {"type": "string"}, "api_key": {"type": "string", "maxLength": 64}}}
        yield Case("schema.json", json.dumps(schema, indent=1) + "\n", "schema", False)
        yield Case(
            "etag.py", f'assert response.headers["ETag"] == \'"{m.hexa(32)}"\'\n', "expected value of a test", False
        )
        yield Case("colors.py", f'COLORS = ["#{m.hexa(6)}", "#{m.hexa(6)}"]\n', "colours", False)
        yield Case("alphabet.py", f'ALPHABET = "{_BASE62}"\n', "alphabet", False)
