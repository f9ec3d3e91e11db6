"""Imports go downwards: the table in docs/architecture.md against the syntax trees of both packages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("autodiff", "parity")

#: The one place where each heavy library is loaded inside a function, because importing it costs too much.
LAZY_DOORS = {
    ("autodiff/graph.py", "shutil"),
    ("autodiff/graph.py", "subprocess"),
    # An extra, for several machines only.
    ("parity/campaign/cluster.py", "distributed"),
    ("parity/engines/reference.py", "torch"),
    # python-flint and SymPy stand behind the modules that this door loads.
    ("parity/truth/__init__.py", "parity"),
}
#: Files that import a module by a name known only at run time, or late on purpose.
IMPORTLIB = {
    # What a program seldom needs.
    "autodiff/__init__.py",
    "autodiff/nn/__init__.py",
    "autodiff/nn/utils/__init__.py",
    # What `import torch` is to find.
    "autodiff/dropin.py",
    # Families, listed once: their own package's.
    "autodiff/_functions/__init__.py",
    "autodiff/_primitives/__init__.py",
    "parity/catalogue/__init__.py",
    "parity/catalogue/modules/__init__.py",
    "parity/truth/forward.py",
    # Kernels that stand on tables of series, loaded when first run; and all there are, to be changed for a while.
    "autodiff/_kernels/late.py",
    "autodiff/_core/planting.py",
    # SciPy, opened on first use.
    "autodiff/_kernels/decompositions.py",
    "autodiff/_kernels/lapack.py",
    "autodiff/_kernels/scipy_special.py",
    "autodiff/_surface/stubs.py",
    # Modules of torch.autograd that a program seldom needs.
    "autodiff/autograd/__init__.py",
    "autodiff/autograd/conduct.py",
    "autodiff/autograd/gradcheck.py",
    "autodiff/utils/__init__.py",
    "parity/__init__.py",
    # An engine of another checkout, in a process of its own.
    "parity/bench/worker.py",
    "parity/engines/__init__.py",
    # Modules below one, asked for by torch's names.
    "parity/engines/names.py",
    # A module that somebody else wrote, in a process of its own.
    "parity/engines/worker.py",
    "parity/scripts/recorder.py",
    "parity/pytest_plugin.py",
    "parity/strategies/__init__.py",
}
#: What only one file of a package may import at its top.
ONLY_IN = {"torch": "parity/engines/reference.py"}


def floors(package: str) -> dict[str, int]:
    """The floor of each name below the package, by the line of the table that holds its best-known name."""
    mark = {"autodiff": "`_kernels`", "parity": "`engines`"}[package]
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("`") and " < " in line and mark in line]
    levels = [re.findall(r"`([^`]+)`", level) for level in line.split(" < ")]
    names = {
        name.rpartition("/")[2]: number
        for number, groups in enumerate(levels)
        for group in groups
        for name in re.split(r"[ ,]+", group)
    }
    return names


def modules(package: str) -> dict[str, Path]:
    """Every module by its dotted name; a package goes by its own."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """(dotted name, line, whether inside a function) of each import that runs; `from a import b` is `a.b`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, inside = stack.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, inside
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno, inside
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            stack += [(child, inside) for child in node.orelse]
        else:
            inside = inside or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            stack += [(child, inside) for child in ast.iter_child_nodes(node)]


def module_of(name: str, known: dict[str, Path]) -> str | None:
    """The module that a dotted name stands in: itself, or the one it is an attribute of."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or None


def level_of(module: str) -> str:
    """The name on the table that a module belongs to: the first below its package."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_downwards(package: str) -> None:
    table, known = floors(package), modules(package)
    wrong = []
    for module, path in known.items():
        here = level_of(module)
        assert here in table, f"{path.relative_to(ROOT)} stands on no floor of docs/architecture.md"
        for name, line, _ in imports(path):
            imported = module_of(name, known)
            if imported is None:
                continue
            there = level_of(imported)
            if there != here and table[there] >= table[here]:
                wrong.append(f"{path.relative_to(ROOT)}:{line} ({here}) imports {imported}, which is not below it")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_circles(package: str) -> None:
    known = modules(package)
    graph = {
        module: {module_of(name, known) for name, _, inside in imports(path) if not inside} - {None, module}
        for module, path in known.items()
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, "a circle: " + " -> ".join([*trail[trail.index(module) :], module])
        if module not in done:
            for name in sorted(graph[module]):
                visit(name, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_inside_functions_are_the_listed_doors(package: str) -> None:
    found = set()
    for path in modules(package).values():
        where = str(path.relative_to(ROOT))
        for imported, line, inside in imports(path):
            if inside:
                top = imported.partition(".")[0]
                assert (where, top) in LAZY_DOORS, f"{where}:{line}: {imported} is imported inside a function"
                found.add((where, top))
    listed = {door for door in LAZY_DOORS if door[0].startswith(package)}
    assert found == listed, f"listed, but no door any more: {listed - found}"


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_are_imported_by_name_only_where_listed(package: str) -> None:
    using = {
        str(path.relative_to(ROOT))
        for path in modules(package).values()
        if re.search(r"\bimport_module\(|\b__import__\(", path.read_text(encoding="utf-8"))
    }
    assert using == {name for name in IMPORTLIB if name.startswith(package)}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_stay_apart(package: str) -> None:
    forbidden = {"autodiff": {"torch", "hypothesis", "parity"}, "parity": {"autodiff"}}[package]
    for path in modules(package).values():
        where = str(path.relative_to(ROOT))
        for imported, line, _ in imports(path):
            top = imported.partition(".")[0]
            assert top not in forbidden, f"{where}:{line}: {package} never imports {top}"
            assert ONLY_IN.get(top, where) == where, f"{where}:{line}: {top} is imported by {ONLY_IN[top]} only"


def test_the_table_is_read() -> None:
    """The checks above would pass on an empty table or a blind parser."""
    assert floors("parity")["errors"] < floors("parity")["compare"] < floors("parity")["cli"]
    assert floors("autodiff")["_core"] < floors("autodiff")["_surface"] < floors("autodiff")["__init__"]
    found = {name for name, _, _ in imports(ROOT / "parity/engines/torchlike.py")}
    assert {"parity.engines.protocol.Array", "parity.errors.UsageError", "numpy", "inspect"} <= found
    inside = {name.partition(".")[0] for name, _, inside in imports(ROOT / "parity/engines/reference.py") if inside}
    assert inside == {"torch"}


@pytest.mark.parametrize(
    ("file", "text", "check", "complaint"),
    [
        ("program.py", "from parity.cli import main", test_imports_go_downwards, "which is not below it"),
        ("program.py", "import parity.cli", test_imports_go_downwards, "which is not below it"),
        ("program.py", "from parity import cli", test_imports_go_downwards, "which is not below it"),
        ("notation.py", "import parity.catalogue", test_imports_go_downwards, "which is not below it"),
        ("unheard.py", "", test_imports_go_downwards, "stands on no floor"),
        ("engines/one.py", "from parity.engines import two", test_no_circles, "a circle"),
        (
            "cli.py",
            "def f():\n    import json",
            test_imports_inside_functions_are_the_listed_doors,
            "inside a function",
        ),
        (
            "cli.py",
            "importlib.import_module('x')",
            test_modules_are_imported_by_name_only_where_listed,
            "cli.py",
        ),
        ("cli.py", "import torch", test_packages_stay_apart, "engines/reference.py only"),
        (
            "cli.py",
            "def f():\n    from autodiff import sin",
            test_packages_stay_apart,
            "never imports autodiff",
        ),
    ],
)
def test_planted_faults_are_caught(tmp_path, monkeypatch, file, text, check, complaint) -> None:
    files = {
        "__init__.py": "", "program.py": "", "cli.py": "import parity.program", "catalogue.py": "",
        "engines/__init__.py": "", "engines/two.py": "import parity.engines.one",
    }  # fmt: skip
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/architecture.md").write_text((ROOT / "docs/architecture.md").read_text())
    monkeypatch.setattr("tests.api.test_floors.ROOT", tmp_path)
    monkeypatch.setattr("tests.api.test_floors.LAZY_DOORS", set())
    monkeypatch.setattr("tests.api.test_floors.IMPORTLIB", set())
    for name, content in {**files, "engines/one.py": ""}.items():
        path = tmp_path / "parity" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    check("parity")
    (tmp_path / "parity" / file).write_text(text)
    with pytest.raises(AssertionError, match=complaint):
        check("parity")
