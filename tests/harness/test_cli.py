"""The command: verbs, exit codes, one-line complaints, JSON, Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from parity.catalogue.excluded import KNOWN, REFUSED
from parity.cli import main
from tests.harness.conftest import FORWARDING, WRONG_EXP

FEW = ["--jobs", "1", "--max-examples", "5"]


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_torch_agrees_with_itself(engine, capsys) -> None:
    assert main(["run", "torch", "--ops", "add,exp,max", *FEW]) == 0
    out = capsys.readouterr().out
    assert out.startswith("torch 2.13")
    assert "AGREES: torch and torch agree on" in out
    assert "5 programs: 5 agree" in out
    assert "seed 0, profile dev" in out
    assert "\r" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_wrong_rule_is_found_kept_replayed_and_emitted(engine, capsys, tmp_path: Path) -> None:
    target = engine("halfexp", WRONG_EXP)
    assert main(["run", target, "--ops", "exp,sin", "--dtypes", "float64", *FEW, "--json", "out.jsonl"]) == 1
    out = capsys.readouterr().out
    assert out.count("GRADIENT DIFFERS   halfexp vs torch 2.13") == 1
    assert re.search(r"MISMATCH: \d+ difference", out)
    (found,) = re.findall(r"replay: parity replay ([0-9a-f]+)", out)[:1]

    records = lines_of(tmp_path / "out.jsonl")
    assert {record["type"] for record in records} == {"outcome", "failure", "summary"}
    assert records[-1]["exit_code"] == 1
    assert any(record["id"].startswith(found) for record in records if record["type"] == "failure")

    assert main(["replay", found]) == 1
    assert "GRADIENT DIFFERS   halfexp" in capsys.readouterr().out
    assert main(["replay", found, "--engine", "torch"]) == 0
    assert "torch agrees with torch" in capsys.readouterr().out

    assert main(["emit", found]) == 0
    script = capsys.readouterr().out
    assert "torch.exp(" in script or ".exp()" in script
    assert main(["emit", found, "--as", "pytest"]) == 0
    assert 'engine="halfexp"' in capsys.readouterr().out


def test_the_corpus_is_replayed_first(engine, capsys, tmp_path: Path) -> None:
    target = engine("halfexp", WRONG_EXP)
    main(["run", target, "--ops", "exp", "--dtypes", "float64", *FEW])
    (tmp_path / ".parity").rename(tmp_path / "corpus")
    capsys.readouterr()
    assert main(["run", target, "--ops", "sin", *FEW, "--json", "out.jsonl"]) == 1
    first = lines_of(tmp_path / "out.jsonl")[0]
    assert (first["phase"], first["status"]) == ("corpus", "differs")
    assert re.search(r"corpus +\d+ programs?: 0 agree, \d+ differ", capsys.readouterr().out)


def test_what_an_engine_lacks_is_listed_and_no_failure(engine, capsys) -> None:
    target = engine("lacking", "MISSING = frozenset({'exp', 'sigmoid'})")
    assert main(["run", target, "--ops", "exp,sigmoid,add", *FEW]) == 0
    out = capsys.readouterr().out
    assert re.search(r"unsupported +lacking has no exp, sigmoid: \d+ programs", out)


def test_nothing_ran_is_5(engine, capsys) -> None:
    target = engine("lacking", "MISSING = frozenset({'stack'})")
    assert main(["run", target, "--ops", "stack", "--max-examples", "0"]) == 5
    assert "NOTHING RAN" in capsys.readouterr().out
    assert main(["replay"]) == 5


def test_the_same_seed_gives_the_same_run(engine, capsys, tmp_path: Path) -> None:
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert main(["run", "torch", "--ops", "add,mul,sum", *FEW, "--seed", seed, "--json", name]) == 0
    first, again, other = ([{**record, "seconds": 0} for record in lines_of(tmp_path / name)] for name in "abc")
    assert first == again
    assert first != other


def test_json_on_standard_output_is_nothing_but_json(engine, capsys) -> None:
    assert main(["run", "torch", "--ops", "add", *FEW, "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert [json.loads(line)["type"] for line in captured.out.splitlines()][-1] == "summary"
    assert "AGREES" in captured.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "nonsense"], r"there is no module 'nonsense'"),
        (["run", "json"], r"json is not like torch"),
        (["run"], r"needs a target.*parity run autodiff"),
        (["run", "torch", "--engine", "autodiff"], r"two targets: torch and --engine autodiff"),
        (["run", "torch", "--ops", "sinn"], r"operator 'sinn', did you mean 'sin'\? there.*and \d+ more"),
        (["run", "torch", "--ops", "gelu"], r"unknown operator 'gelu', did you mean 'nn\.functional\.gelu'"),
        (["run", "torch", "--dtypes", "float31"], r"dtype 'float31', did you mean 'float32'\? there are"),
        (["run", "torch", "--profile", "nightley"], r"'nightley', did you mean 'nightly'\? there are dev, g"),
        (["run", "torch", "--seed", "x"], r"--seed: expected a number that is not negative, got 'x'"),
        (["run", "torch", "--time", "long"], r"--time: expected seconds, or 90s, 10m, 2h; got 'long'"),
        (["run", "torch", "--json", "no/such/file"], r"--json no/such/file: cannot be written"),
        (["rum", "torch"], r"invalid choice: 'rum'.*run.*replay.*emit.*coverage"),
        (["run", "torch", "--sed", "1"], r"unrecognized arguments: --sed"),
        ([], r"required: VERB"),
        (["replay", "beef"], r"no program 'beef': corpus/ and \.parity/ hold none"),
        (["replay", "missing.json"], r"no program file missing\.json"),
        (["emit", "beef"], r"no program 'beef'"),
        (["emit", "beef", "--as", "rust"], r"invalid choice: 'rust'.*script.*pytest"),
        (["coverage", "nonsense"], r"there is no module 'nonsense'"),
    ],
    ids=lambda value: "-".join(value) or "nothing" if isinstance(value, list) else "",
)  # fmt: skip
def test_usage_errors_are_one_line_and_exit_4(engine, capsys, arguments, complaint) -> None:
    assert main(arguments) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("parity: ")
    assert re.search(complaint, line), line


def test_a_damaged_file_in_the_corpus_is_named_before_anything_runs(engine, capsys, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "bad.json").write_text('{"format": 2}')
    assert main(["run", "torch", *FEW]) == 4
    assert "corpus/bad.json: at format: format 2 is newer" in capsys.readouterr().err


#: Broken when it is imported, in a call, and in a check of what a call gave.
_BROKEN = [
    ("1 / 0", "ZeroDivisionError"),
    ("def from_numpy(array): raise KeyError('adapter')", "KeyError: 'adapter'"),
    ("def from_numpy(array): return torch.from_numpy(array * 2)", "gives back"),
    ("import no_such_dependency", "No module named 'no_such_dependency'"),
]


@pytest.mark.parametrize(
    ("text", "cause", "jobs"),
    [*((text, cause, "1") for text, cause in _BROKEN), *((text, cause, "2") for text, cause in _BROKEN[:2])],
)
def test_a_broken_adapter_is_3_with_one_traceback(engine, capfd, text, cause, jobs) -> None:
    target = engine("broken", text)
    assert main(["run", target, "--max-examples", "500", "--ops", "add", "--jobs", jobs]) == 3
    err = capfd.readouterr().err
    assert cause in err
    assert err.splitlines()[-1].startswith("parity: broken adapter: ")
    # The cause and what was made of it are one chain; nothing is printed twice.
    assert err.count("Traceback (most recent call last)") == 1 + err.count("direct cause of the following")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_without_torch_one_line_says_what_to_install(tmp_path: Path, jobs) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('no torch here')\n")
    command = [sys.executable, "-m", "parity", "run", "autodiff", "--max-examples", "500", "--jobs", jobs]
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    complaint = "parity: the reference is torch, and it cannot be imported (no torch here): pip install torch\n"
    assert (done.returncode, done.stderr) == (4, complaint)


def test_a_process_that_dies_is_named(engine, capfd) -> None:
    target = engine("dying", "import os\ndef exp(input): os._exit(9)")
    assert main(["run", target, "--ops", "exp", "--max-examples", "500", "--jobs", "2"]) == 3
    assert re.search(r"the process that ran dying died \(exit code 9\) at exp", capfd.readouterr().err)


def test_two_processes_find_what_one_finds(engine, capsys, tmp_path: Path) -> None:
    target = engine("halfexp", WRONG_EXP)
    for jobs in ("1", "2"):
        arguments = ["--ops", "exp,add", "--dtypes", "float64", "--max-examples", "400", "--jobs", jobs]
        assert main(["run", target, *arguments, "--json", f"{jobs}.jsonl"]) == 1
    alone, together = (
        sorted(
            (record["number"], record["label"], record["status"])
            for record in lines_of(tmp_path / f"{jobs}.jsonl")
            if record["type"] == "outcome"
        )
        for jobs in "12"
    )
    assert alone == together
    assert "2 processes" in capsys.readouterr().out


def test_ctrl_c_keeps_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        FORWARDING + "import time\ndef exp(input):\n    time.sleep(0.2)\n    return torch.exp(input)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "parity", "run", "slow", "--ops", "exp", "--max-examples", "1000"]
    process = subprocess.Popen(
        [*command, "--jobs", "2", "--json", "out.jsonl"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A suite that runs in a shell's background ignores it, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    written = tmp_path / "out.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (written.exists() and written.read_text().count("\n") >= 3):
        time.sleep(0.05)
    # As a terminal does it: to every process of the group.
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2, err
    assert "INTERRUPTED; so far:" in out
    assert "did not run" in out
    assert "Traceback" not in err
    records = lines_of(written)
    assert sum(record["type"] == "outcome" for record in records) >= 3
    assert records[-1]["interrupted"] is True


def test_coverage_lists_the_catalogue_and_what_an_engine_has(engine, capsys) -> None:
    assert main(["coverage"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert re.search(r"^  maximum +\w+ +order 2$", out, re.MULTILINE)
    assert re.search(r"^\d+ operators, \d+ left out with a reason$", out, re.MULTILINE)
    told = "".join(out.split())
    reasons = [*REFUSED.values(), *(row.reason for row in KNOWN.values())]
    assert [reason for reason in reasons if "".join(reason.split()) not in told] == []
    target = engine("lacking", "MISSING = frozenset({'einsum'})")
    assert main(["coverage", target, "--json", "out.jsonl", "--tables", "none"]) == 0
    assert re.search(r"^  einsum .*unsupported$", capsys.readouterr().out, re.MULTILINE)
    records = {record["op"]: record for record in lines_of(Path("out.jsonl"))}
    assert records["einsum"]["supported"] == []
    assert "function" in records["exp"]["supported"]


def test_python_m_parity_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "parity", "--help"], capture_output=True, text=True, check=True)
    assert all(verb in done.stdout for verb in ("run", "replay", "emit", "coverage"))


def test_operators_that_every_object_has_count_only_if_defined(engine, capsys) -> None:
    """`object` has __gt__ and __eq__: an engine without comparisons lacks them all the same."""
    text = """
    import numpy as np

    class Tensor:
        def __init__(self, array): self.data, self.requires_grad, self.grad = array, False, None
        def detach(self): return self
        def numpy(self): return self.data
        def backward(self): pass
        def __neg__(self): return Tensor(-self.data)

    from_numpy = Tensor
    for name in ("float32", "float64", "int64"):
        globals()[name] = np.dtype(name)
    """
    target = engine("tiny", text, forwarding=False)
    arguments = ["--ops", "gt,eq,neg", "--dtypes", "int64", "--max-examples", "0"]
    assert main(["run", target, *arguments]) == 0
    out = capsys.readouterr().out
    assert re.search(r"unsupported +.*\beq\b, gt\b", out)
    assert "differ" not in out
