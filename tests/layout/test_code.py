"""The code keeps its own limits: short functions, no import circles, the terms of the field in messages."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from statistics import median

import pytest
import yaml
from conftest import ROOT

SOURCE = ROOT / "src" / "sscite"
MODULES = {
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}
# metaphors, personification and private terms, each with the term to use in a message or report sentence
BANNED = {
    r"\bwitness(es)?\b": "comparison method, independent check",
    r"\btestimony\b": "check",
    r"\bverdict\b": "summary, quality",
    r"\bthe way (to|from|of)\b": "trajectory, path",
    r"\bheadline\b": "primary test",
    r"\bheld (constant|against)\b": "adjusted for, compared with",
    r"(?<!there )\b(is|are) no (?!longer|more than|clear|true|better)[a-z]+\b(?! (of|in|that|to|for))": "is not a",
    r"\bleft out\b": "excluded, held out",
    r"\bpassed over\b": "ignored",
    r"\d %": "5%, without a space",
    r"\bcannot carry\b|\bcarr(y|ies) (it|the) whole\b": "too few donors, covers",
    r"\bfor want of\b": "because ... is missing",
    r"\b(is|are|was|were|be) told\b|\btold apart\b": "is reported, is distinguished",
    r"\bis said to\b|\band (it is )?said\b|\bit says so\b": "is reported",
    r"\b[Nn]obody (knows|has|gave)\b": "unknown, no one",
}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions() -> dict[str, int]:
    return {
        f"{name}.{node.name}": body_lines(node)
        for name, path in MODULES.items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def imports(name: str, path: Path) -> set[str]:
    """Return the modules of the package that a module imports when it is imported, without those for type checks."""
    found = set()
    for node in tree(path).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("sscite"):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return {module for module in found if module in MODULES and module != name}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the circles that a depth-first search meets."""
    found: list[list[str]] = []
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            found.append([*trail[trail.index(name) :], name])
            return
        if name not in done:
            for following in sorted(graph[name]):
                visit(following, [*trail, name])
            done.add(name)

    for name in graph:
        visit(name, [])
    return found


def test_functions_are_short():
    lines = functions()
    assert {name: count for name, count in lines.items() if count > 40} == {}
    assert median(lines.values()) <= 8


def test_no_modules_import_each_other():
    graph = {name: imports(name, path) for name, path in MODULES.items() if path.name != "__init__.py"}
    assert circles({name: targets & set(graph) for name, targets in graph.items()}) == []


def test_a_circle_would_be_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c", "b"]]


def messages(path: Path) -> list[tuple[int, str]]:
    """Return the strings of a module that are neither docstrings nor keys: a blank tells a message from a name."""
    module = tree(path)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
        if id(node) not in docstrings
    ]


def banned(text: str) -> list[str]:
    return [f"'{match[0]}' (use: {term})" for term_re, term in BANNED.items() for match in re.finditer(term_re, text)]


SCRIPTS = sorted(ROOT.glob("bin/*.py"))


@pytest.mark.parametrize("path", [*MODULES.values(), *SCRIPTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_messages_are_in_the_terms_of_the_field(path: Path):
    assert [(line, found) for line, text in messages(path) for found in banned(text)] == []


@pytest.mark.parametrize("path", sorted(SOURCE.glob("report/words/*.yaml")), ids=lambda path: path.name)
def test_the_words_of_the_report_are_the_terms_of_the_field(path: Path):
    words = yaml.safe_load(path.read_text(encoding="utf-8"))
    texts = {f"{step}.{key}": str(text) for step, entry in words.items() for key, text in entry.items()}
    assert {name: found for name, text in texts.items() if (found := banned(text))} == {}


def runtime_names(path: Path) -> set[str]:
    """Return the names imported for type checks alone of which the code, annotations apart, reads an attribute."""
    module = tree(path)
    checks = [node for node in module.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imported = [node for check in checks for node in check.body if isinstance(node, ast.ImportFrom)]
    names = {alias.asname or alias.name for node in imported for alias in node.names}
    fields = [getattr(node, field, None) for node in ast.walk(module) for field in ("annotation", "returns")]
    annotations = {id(part) for field in fields if field for part in ast.walk(field)}
    read = [node for node in ast.walk(module) if isinstance(node, ast.Attribute) and id(node) not in annotations]
    return {node.value.id for node in read if isinstance(node.value, ast.Name)} & names


def test_what_a_module_uses_when_it_runs_is_imported_when_it_runs():
    """Types of annotations alone may be imported for type checks; linters do not see that another use fails."""
    assert not {name: found for name, path in MODULES.items() if (found := runtime_names(path))}


def comments(path: Path) -> str:
    """Return all text of a page, the comments of Nextflow files, or the descriptions of the schema."""
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".nf", ".config"):
        return "\n".join(re.findall(r"(?:^|\s)//(.*)", text))
    return "\n".join(re.findall(r'"description": "([^"]*)"', text)) if path.suffix == ".json" else text


PAGES = [
    ROOT / "README.md", *ROOT.glob("docs/**/*.md"), ROOT / "main.nf", *ROOT.glob("modules/**/*.nf"),
    ROOT / "nextflow.config", *ROOT.glob("conf/*.config"), ROOT / "nextflow_schema.json",
]  # fmt: skip


@pytest.mark.parametrize("path", sorted(PAGES), ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_and_comments_are_in_the_terms_of_the_field(path: Path):
    assert banned(comments(path)) == []


@pytest.mark.parametrize("path", MODULES.values(), ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_begin_with_a_verb_that_says_what_is_done(path: Path):
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef)
    texts = [ast.get_docstring(node) or "" for node in ast.walk(tree(path)) if isinstance(node, definitions)]
    assert [text.splitlines()[0] for text in texts if re.match(r"(Give|Say|Tell|Word|The|Whether)\b", text)] == []
