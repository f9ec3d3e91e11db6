"""Pictures of the graph: what stands in a box, in an order that never changes, at any depth."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from html import unescape

import pytest

import autodiff as ad


def example():
    x = ad.tensor(4.0, requires_grad=True)
    b = ad.tensor([1.0, 2.0], requires_grad=True)
    m = 3 * (2 / x) ** 2
    m.retain_grad()
    y = (m + b - 2).sum()
    y.backward(retain_graph=True)
    return x, b, m, y


def printed(tensor, **labels):
    out = io.StringIO()
    ad.graph.print_graph(tensor, file=out, **labels)
    return out.getvalue()


def test_a_chain_is_printed_straight_and_branches_hang_from_it():
    x, b, m, y = example()
    assert printed(y, x=x, b=b, m=m, y=y).splitlines() == [
        "8 sum(7)  y  shape []  data 0.5",
        "7 sub(6)  shape [2]",
        "6 add(5, 1)  shape [2]",
        "├─ 1 leaf  b  shape [2]  data [1., 2.]  grad [1., 1.]",
        "5 mul(4)  m  shape []  data 0.75  grad 2.",
        "4 pow(3)  shape []",
        "3 mul(2)  shape []",
        "2 reciprocal(0)  shape []",
        "0 leaf  x  shape []  data 4.  grad -0.75",
    ]


def test_what_was_shown_is_not_shown_again():
    x = ad.tensor(3.0, requires_grad=True)
    y = x.exp()
    text = printed((y.sin() + y) * y)
    assert text.count("exp(0)") == 3
    assert text.count("(above)") == 2
    assert text.count("leaf") == 1


def test_dot():
    x, b, m, y = example()
    lines = ad.graph.to_dot(y, x=x, b=b, m=m).splitlines()
    assert lines[0] == "digraph {"
    assert lines[-1] == "}"
    assert r'  n0 [shape=box, style=rounded, label="leaf\nx\nshape []\ndata 4.\ngrad -0.75"];' in lines
    assert r'  n5 [shape=box, label="mul\nm\nshape []\ndata 0.75\ngrad 2."];' in lines
    edges = [line.strip() for line in lines if "->" in line]
    assert edges == [f"n{a} -> n{b};" for a, b in ((0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (1, 6), (6, 7), (7, 8))]


def test_mermaid_says_the_same_as_dot():
    x, _, _, y = example()
    dot, mermaid = ad.graph.to_dot(y, x=x), ad.graph.to_mermaid(y, x=x)
    assert mermaid.startswith("flowchart LR\n")
    assert re.findall(r"(n\d+) -> (n\d+)", dot) == re.findall(r"(n\d+) --> (n\d+)", mermaid)
    in_dot = re.findall(r'label="(.*)"', dot)
    in_mermaid = re.findall(r'n\d+[\[(]"(.*)"[\])]', mermaid)
    assert [unescape(text).replace("<br/>", r"\n") for text in in_mermaid] == in_dot


def test_operators_carry_torchs_names():
    x = ad.ones(2, 3, requires_grad=True)
    text = printed(x.reshape(6).log_softmax(0)[1:3].sum())
    assert re.findall(r"^\d+ (\w+)\(", text, re.MULTILINE)[:4] == ["sum", "slice", "log_softmax", "view"]


def test_the_same_program_gives_the_same_picture():
    assert len({ad.graph.to_dot(example()[3]) for _ in range(3)}) == 1
    code = "import autodiff as ad; x = ad.ones(2, requires_grad=True); print(ad.graph.to_dot((x * x).sum() + x.max()))"
    command = [sys.executable, "-c", code]
    assert len({subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)}) == 1


def test_labels_are_escaped():
    x = ad.tensor(1.0, requires_grad=True)
    name = 'a"b\\c[d]<e>\nf'
    assert r'label="leaf\na\"b\\c[d]<e>\nf\nshape' in ad.graph.to_dot(x * 2, **{name: x})
    text = ad.graph.to_mermaid(x * 2, **{name: x})
    (label,) = re.findall(r'n0\("(.*)"\)', text)
    assert unescape(label).split("<br/>")[1] == name
    assert not set(re.sub(r"&#?\w+;|<br/>", "", label)) & set('"[]<>(){}|')


def test_a_constant_is_a_picture_too():
    assert printed(ad.ones(2)) == "0 constant  shape [2]  data [1., 1.]\n"
    with pytest.raises(TypeError, match="expected a Tensor, got float"):
        ad.graph.to_dot(1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("step", ["unary", "left", "right", "shallow branch", "shared"])
def test_long_chains_stay_flat(step):
    x = c = ad.tensor(1.0, requires_grad=True)
    n = 20_000 if step == "unary" else 5_000
    for _ in range(n):
        match step:
            case "unary":
                x = -x
            case "left":
                x = x + c
            case "right":
                x = c + x
            case "shallow branch":
                x = x + c * 2.0
            case "shared":
                x = x + x
    lines = printed(x).splitlines()
    assert len(lines) > n
    assert max(len(line) for line in lines) < 80
    assert ad.graph.to_dot(x).count("->") >= n


def test_a_notebook_shows_svg_only_where_graphviz_is(monkeypatch, tmp_path):
    dot = ad.graph.to_dot(example()[3])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert dot._repr_svg_() is None
    stand_in = tmp_path / "dot"
    stand_in.write_text(f"#!{sys.executable}\nimport sys\nprint('<svg>', sys.argv[1:], sys.stdin.read()[:7])\n")
    stand_in.chmod(0o755)
    assert dot._repr_svg_() == "<svg> ['-Tsvg'] digraph\n"
    stand_in.write_text(f"#!{sys.executable}\nraise SystemExit(1)\n")
    assert dot._repr_svg_() is None
