"""The shape of the repository: arrows, purity, sizes, mirrored tests, and what must not stand in the tree.

May live here: rules that hold for every file, each with its reason. A list of exceptions may only shrink.
May not: anything about what a module does. Rules a linter can hold are in pyproject.toml.
"""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("ruleset", "filters", "gateway", "webui")
PURE = ("ruleset", "filters")
MAX_LINES = 400
MAX_FUNCTION_LINES = 60

# Modules without a test file of their own. Nothing may be added; a line goes when its tests come.
UNTESTED: frozenset[str] = frozenset()

TOP_LEVEL = {
    *PACKAGES, "images", "tests", ".ci", ".gitignore", "pyproject.toml", "Makefile", "requirements.lock",
    "requirements-dev.lock", "README.md", "CONTRIBUTING.md", "CHANGELOG.md",
}  # fmt: skip

# What a pure package may import of the standard library: values, text and arithmetic.
PURE_STANDARD = {
    "abc", "array", "base64", "binascii", "bisect", "codecs", "collections", "contextlib", "copy", "dataclasses",
    "datetime", "decimal", "difflib", "enum", "fractions", "functools", "hashlib", "heapq", "html", "importlib",
    "ipaddress", "itertools", "json", "math", "operator", "re", "string", "struct", "textwrap", "types", "typing",
    "unicodedata", "urllib", "zoneinfo",
}  # fmt: skip
PURE_ALLOWED = {
    "ruleset": PURE_STANDARD | {"yaml", "pydantic", "pydantic_core", "ruleset"},
    "filters": PURE_STANDARD | {"dns", "scapy", "filters", "ruleset"},
}
# Calls that hide the clock, a file or the outside behind a name that imports look harmless for.
IMPURE_CALLS = {
    "__import__", "breakpoint", "eval", "exec", "import_module", "input", "make_query", "now", "open", "print",
    "today", "urlopen", "utcnow", "write_bytes", "write_text",
}  # fmt: skip
# Who may import what is dangerous or slow. A folder or a file, as a prefix of the path.
ONLY_IN = {
    "scapy": ("filters/packets",),  # 1.5 s to import, and root code must not carry its parsers
    "nftables": ("gateway/enforcer/", "gateway/lab/"),  # one writer of kernel state; the lab builds its own
    "sqlite3": ("gateway/store/", "gateway/report", "gateway/attempts"),
    "images": (),
}

# Words that belong to a machine or to a way of working, not to the product. Written so that they do not match here.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.$}/-])/(w[o]rk|t[m]p/cg|r[o]ot/\.|U[s]ers)(/|\b)",
    "a package index or mirror": r"py[p]i\.org|python[h]osted|file://[/]opt",
    "who typed it": r"(?i)\b(sub-?ag[e]nt|ag[e]nt session|cod[i]ng agent|language m[o]del|chatg[p]t|cl[a]ude)\b",
    "an unfinished thought": r"\b(FI[X]ME|TO[D]O)\b",
    "a conflict": r"^(<{7} |>{7} )",
}


@cache
def tree() -> tuple[str, ...]:
    """The files of the repository (tracked, or new and not ignored), as paths below its top."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return tuple(sorted(path for path in listed.split("\0") if path and (ROOT / path).is_file()))


def python_files(*folders: str) -> list[str]:
    return [path for path in tree() if path.endswith(".py") and path.split("/")[0] in folders]


@cache
def parsed(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), path)


def imports(path: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import, also of those inside functions."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def functions(path: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines_of(path: str) -> list[str]:
    return (ROOT / path).read_text().splitlines()


def program(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    assert found is not None, f"{name} is not in the virtual environment: make setup"
    return found


def test_arrows_point_one_way():
    done = subprocess.run(
        [program("lint-imports"), "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("package", PURE)
def test_pure_package_imports_values_only(package):
    wrong = [
        f"{path}:{line}: {name}"
        for path in python_files(package)
        for line, name in imports(path)
        if name.split(".")[0] not in PURE_ALLOWED[package] or name in ("urllib.request", "dns.query", "dns.resolver")
    ]
    assert not wrong, "a pure package may not import these: " + ", ".join(wrong)


@pytest.mark.parametrize("package", PURE)
def test_pure_package_calls_no_clock_and_no_file(package):
    wrong = []
    for path in python_files(package):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
                if name in IMPURE_CALLS:
                    wrong.append(f"{path}:{node.lineno}: {name}()")
    assert not wrong, "`now` and every input are arguments: " + ", ".join(wrong)


@pytest.mark.parametrize(("module", "places"), ONLY_IN.items())
def test_import_stays_in_its_room(module, places):
    wrong = [
        f"{path}:{line}"
        for path in python_files(*PACKAGES)
        for line, name in imports(path)
        if name.split(".")[0] == module and not path.startswith(places)
    ]
    assert not wrong, f"{module} may be imported in {places or 'no place'} only: " + ", ".join(wrong)


def test_every_module_says_what_it_is():
    missing = [path for path in python_files(*PACKAGES, "tests") if not ast.get_docstring(parsed(path))]
    assert not missing, f"no docstring: {missing}"


def test_every_package_folder_has_an_init():
    folders = {Path(path).parent for path in python_files(*PACKAGES)}
    missing = [str(folder) for folder in sorted(folders) if not (ROOT / folder / "__init__.py").is_file()]
    assert not missing, f"no __init__.py, so it would not be installed: {missing}"


def test_no_file_is_too_long():
    long = {path: count for path in python_files(*PACKAGES, "tests") if (count := len(lines_of(path))) > MAX_LINES}
    assert not long, f"over {MAX_LINES} lines: {long}"


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_are_short(package):
    lengths = sorted((f.end_lineno or f.lineno) - f.lineno + 1 for p in python_files(package) for f in functions(p))
    assert not lengths or lengths[int(len(lengths) * 0.95)] < MAX_FUNCTION_LINES, f"longest: {lengths[-5:]}"


def mirrored(path: str) -> bool:
    """True when a module has a test file of its name (`test_x.py` or `test_x_*.py`) in the mirrored folder."""
    module = Path(path)
    folders = [ROOT / "tests" / module.parent]
    if path.startswith("gateway/lab/"):
        folders.append(ROOT / "tests" / "lab")
    return any(
        candidate.stem == f"test_{module.stem}" or candidate.stem.startswith(f"test_{module.stem}_")
        for folder in folders
        if folder.is_dir()
        for candidate in folder.glob("test_*.py")
    )


def needs_tests(path: str) -> bool:
    """Entry points are run by the tests of what they start; a file of names and imports has nothing to test."""
    return Path(path).name != "__main__.py" and any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(parsed(path))
    )


def test_every_module_has_its_tests():
    missing = [path for path in python_files(*PACKAGES) if needs_tests(path) and not mirrored(path)]
    assert not set(missing) - UNTESTED, f"no test file: {sorted(set(missing) - UNTESTED)}"
    assert not UNTESTED - set(missing), f"paid debt, take it off the list: {sorted(UNTESTED - set(missing))}"


def asserts(test: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """True when a test states something itself or through a helper that says so by its name."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            if name in ("raises", "fail", "warns") or re.match(r"_?(assert|check|expect|must|agree|prove)", name):
                return True
    return False


def test_every_test_states_something():
    silent = [
        f"{path}:{function.lineno}: {function.name}"
        for path in python_files("tests")
        for function in functions(path)
        if function.name.startswith("test_") and Path(path).name.startswith("test_") and not asserts(function)
    ]
    assert not silent, f"no assertion: {silent}"


def test_tests_use_no_mock_library():
    used = [f"{p}:{line}" for p in python_files("tests") for line, name in imports(p) if name.startswith("unittest")]
    assert not used, f"real parts instead of mocks: {used}"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_tree_speaks_of_the_product_alone(what):
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    wrong = []
    for path in tree():
        if (ROOT / path).suffix in (".png", ".pcap", ".ico", ".woff2"):
            continue
        wrong += [
            f"{path}:{n}: {line.strip()[:80]}" for n, line in enumerate(lines_of(path), 1) if pattern.search(line)
        ]
    assert not wrong, f"{what}: " + "\n".join(wrong)


def test_locks_name_every_file_by_its_hash_and_no_place():
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text()
        entries = re.split(r"\n(?=\S)", text.strip())
        assert all(re.match(r"[a-z0-9.-]+==\S+", entry) and "--hash=sha256:" in entry for entry in entries), lock
        assert "://" not in text and "--index" not in text and " @ " not in text, lock


def test_runtime_lock_is_a_part_of_the_development_lock():
    runtime, development = (
        set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert runtime < development


def test_top_level_holds_what_was_agreed():
    there = {path.split("/")[0] for path in tree()}
    assert there - TOP_LEVEL == set(), "unknown at the top level"
    assert TOP_LEVEL - there == set(), "missing at the top level"


def commands(document: str, name: str) -> list[list[str]]:
    """The commands that begin with `name` in a document's code blocks and code spans, as words."""
    text = (ROOT / document).read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    lines = [line for block in blocks for line in block.splitlines()] + spans
    found = [re.match(rf"(?:[#$] )?(?:\S*/)?{name} (.*)", line.strip()) for line in lines]
    return [match[1].split(" #")[0].split() for match in found if match and match[1].split(" #")[0].strip()]


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_make_targets_in_documents_exist(document):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {words[0] for words in commands(document, "make") if re.fullmatch(r"[a-z-]+", words[0])}
    assert named, f"{document} names no make target"
    assert named <= targets, f"no such make target: {named - targets}"


@cache
def usage(words: tuple[str, ...]) -> tuple[int, str]:
    done = subprocess.run([program("clinicgate"), *words, "--help"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def subcommand(words: list[str]) -> tuple[str, ...]:
    """The words before the first argument: `lab up` of `lab up SITE`."""
    second_is_plain = len(words) > 1 and re.fullmatch(r"[a-z][a-z-]*", words[1]) is not None
    return tuple(words[: 2 if second_is_plain else 1])


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_clinicgate_commands_in_documents_exist(document):
    wrong = []
    for words in commands(document, "clinicgate"):
        status, text = usage(subcommand(words))
        own = words[: words.index("--")] if "--" in words else words  # what follows is another program's
        flags = {word.split("=")[0] for word in own if word.startswith("--")}
        unknown = sorted(flag for flag in flags if flag not in text)
        if status != 0 or unknown:
            wrong.append(f"clinicgate {' '.join(words)}: {'unknown ' + ', '.join(unknown) if unknown else text[-200:]}")
    assert not wrong, "\n".join(wrong)
