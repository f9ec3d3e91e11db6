"""The page of the self-test, from the records of its runs; plants nothing.

`python -m parity.faults.page faults.jsonl mutants1.jsonl ...` writes docs/selftest.md; the first sample of mutants is
shown, of others the figures.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from parity.accuracy.page import ROOM
from parity.faults import precision
from parity.faults.accounts import LATER, LIVED, OWNERS, ROUNDS
from parity.faults.equivalent import heading, reason
from parity.faults.planted import CLASSES
from parity.faults.selftest import HISTORIES

PAGE = Path("docs/selftest.md")
_HEAD = """# The self-test

Would the harness notice? Faults are planted in an engine, and an ordinary run is asked. This page is generated:

```
$ parity selftest autodiff --json faults.jsonl
{asked}$ python -m parity.faults.page faults.jsonl{files}
```

## Planted faults

{planted} faults of {classes} classes, in rules, kernels and the tape. Each is looked for by the programs of an ordinary
run (`parity run`, seed {seed}: those of the operators in their order, then {programs} random ones) and by nothing made
for it. Found are {found}.

*Programs* is the number of programs until the first that differs; *random* the same among random programs alone (–:
not among {programs}); *steps* the length of the program that found it, and of what shrinking left. Blamed is the
operator whose part was made wrong, also where another one that calls it differs first; or a mechanism of the tape,
named by an experiment: the engines agree once the program does without it (`parity/compare/mechanism.py`). The
faults are rows of `parity/faults/planted.py`; any engine with the capabilities *rules* and *parts* can be tested.

| fault | class | planted in | programs | random | steps | blamed |
|---|---|---|---|---|---|---|
"""
_LIVED = """
## Faults of histories

{planted} faults of the tape's life. Each is looked for by random histories alone: of the first {histories} of a run
with seed {seed} those {agreeing} on which the sound engine agrees. Found are {found}. Named is the mechanism, by how
the difference shows in the shortest history (`parity/compare/naming.py`), and by experiments where that cannot tell
(`parity/compare/refining.py`). The faults are rows of `parity/faults/lived.py`.

| fault | class | planted in | histories | steps | named |
|---|---|---|---|---|---|
"""
_MUTANTS = """
## Mutants

Beyond faults planted by hand, every function of the engine's formulas and kernels is changed, one place at a time:
operands and arguments swapped, another operator, a sign, a constant, a dropped term, a neighbouring function (sin for
cos, floor for ceil, < for <=), a branch turned round, a dropped axis, dtype or cast, a dropped statement; and in rows,
library kernels and constant rules. A constant that is compared with is doubled: where two formulas meet both are good,
and a step aside would be no fault. Each mutant runs in a process of its own, on those programs of the plan (profile
gate, seed {seed}, every operator drawn {rounds} times in all its ways, and the corpus) that run the changed place; the
first difference kills it. After them come the rest of the run, a configuration of each class of `torch.nn` and
`torch.optim` and {lives} random histories, and the other two things that a user asks of an engine.
`parity coverage`: an answer to a bad argument or to mixed dtypes that was torch's and is no more.
`parity accuracy --check --points {points}`: an operator of one number whose figure in `docs/accuracy.md` would grow by
more than {room} ulp, or that misses the page's aim at a point where it did not. A mutant that hangs or dies is
killed: a run would show that. What lives without a reason is given {later} rounds of the {owners} operators whose
programs run it most often, as many as a night's run has; where histories run it, {lived} of the {owners} that they
are most often about as well.

{which}

{killed} of the {judged} mutants that programs reach and that are not equivalent are killed: **{share:.1%}**
({seconds}). {equivalent} are equivalent: `parity/faults/equivalent.py` lists them, by name or by pattern, with the
reason, and one listed by name that is killed after all, or is gone, is reported; that a bound between two formulas may
lie elsewhere is proved by evaluating both at it, or all the way to where it was moved: they differ by a rounding at
most. Of every survivor the run says in how many programs it has other bits than the sound engine: those that
have the same bits everywhere were not drawn what would tell them, or are equivalent.
{unreached} stand in places that no program of the plan runs{where}.

Not changed are conditions on a module's own thresholds (names in capitals): they choose between two ways to one
result, and what stands in either way is changed like everything else. Nor are kernels that draw random numbers.

| change | killed | survived | equivalent | not reached |
|---|---|---|---|---|
"""

_SURVIVORS = """
Survivors that are not equivalent, by what is common to them; `parity selftest --mutants` names each.

| survivors | what they have in common |
|---|---|
"""
_OTHER = "Of the others, by function: "
_AGAIN = """
Another sample, whose survivors nobody had looked at when the harness and the reasons were written:

| seed | drawn | killed | of those judged | share |
|---|---|---|---|---|
"""


def page(records: Iterable[Mapping[str, Any]]) -> str:
    """The page, in Markdown."""
    kinds: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    samples: list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]] = []
    for record in records:
        if record["type"] == "mutants":
            samples.append((record, kinds.pop("mutant", [])))
        if record["type"] == "mutant":
            # A proof may have come since.
            proved = record["fate"] == "proved"
            why = record["how"] if proved else reason(record["id"], record["change"])
            record = {**record, "equivalent": why, "fate": "survived" if proved else record["fate"]}
        kinds[record["type"]].append(record)
    (summary,) = kinds["selftest"]
    offered = [fault for fault in kinds["fault"] if fault["outcome"] != "not offered"]
    asked = "".join(_asked(number, len(mutants), summary) for number, (summary, mutants) in enumerate(samples, start=1))
    files = "".join(f" mutants{number}.jsonl" for number, _ in enumerate(samples, start=1))
    text = _HEAD.format(classes=len({fault["family"] for fault in offered}), asked=asked, files=files, **summary)
    for fault in sorted(offered, key=lambda fault: CLASSES.index(fault["family"])):
        text += _row(fault)
    for account in kinds["history selftest"]:
        text += _LIVED.format(**account)
        text += "".join(_lived_row(fault) for fault in kinds["history fault"] if fault["outcome"] != "not offered")
    for number, (account, mutants) in enumerate(samples):
        text += _again(mutants, account, heads=number == 1) if number else _mutants(mutants, account)
    return text


def _asked(number: int, count: int, summary: Mapping[str, Any]) -> str:
    """The command that a sample came from."""
    drawn = f" --sample {count} --seed {summary['seed']}" if count < summary["all"] else ""
    return f"$ parity selftest autodiff --mutants{drawn} --json mutants{number}.jsonl\n"


def _again(mutants: Sequence[Mapping[str, Any]], summary: Mapping[str, Any], *, heads: bool) -> str:
    killed = sum(mutant["fate"] == "killed" for mutant in mutants)
    judged = killed + sum(mutant["fate"] == "survived" and not mutant["equivalent"] for mutant in mutants)
    row = f"| {summary['seed']} | {len(mutants)} | {killed} | {judged} | {killed / max(1, judged):.1%} |\n"
    return (_AGAIN if heads else "") + row


def _lived_row(fault: Mapping[str, Any]) -> str:
    steps = f"{fault['steps']} → {fault['shrunk']}" if fault["shrunk"] else ""
    name = fault["blame"] if fault["outcome"] == "found" else f"**{fault['outcome']}** {fault['blame']}"
    cells = (fault["title"], fault["family"], fault["place"], fault["random"] or "–", steps, name)
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def _row(fault: Mapping[str, Any]) -> str:
    steps = f"{fault['steps']} → {fault['shrunk']}" if fault["shrunk"] else ""
    cells = [
        fault["title"],
        fault["family"],
        fault["place"],
        fault["programs"] or "–",
        fault["random"] or "–",
        steps,
        fault["blame"] if fault["outcome"] == "found" else f"**{fault['outcome']}** {fault['blame']}",
    ]
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def _mutants(mutants: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> str:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    unreached: Counter[str] = Counter()
    for mutant in mutants:
        fate = "equivalent" if mutant["equivalent"] and mutant["fate"] == "survived" else mutant["fate"]
        counts[mutant["kind"]][fate] += 1
        if mutant["fate"] == "not reached":
            unreached[mutant["id"].partition(":")[0].rpartition(".")[0] or "rows"] += 1
    most = ", ".join(f"{count} in {module}" for module, count in unreached.most_common(4))
    killed = sum(count["killed"] for count in counts.values())
    survived = [m for m in mutants if m["fate"] == "survived" and not m["equivalent"]]
    text = _MUTANTS.format(
        seed=summary["seed"],
        rounds=ROUNDS,
        later=LATER,
        lived=LIVED,
        owners=OWNERS,
        lives=HISTORIES,
        points=precision.POINTS,
        room=ROOM,
        which=_which(len(mutants), summary["all"]),
        killed=killed,
        judged=killed + len(survived),
        share=killed / max(1, killed + len(survived)),
        seconds=f"{summary.get('seconds', 0) / 60:.0f} minutes, {summary.get('jobs', 1)} at a time",
        equivalent=sum(count["equivalent"] for count in counts.values()),
        unreached=sum(unreached.values()),
        where=f" ({most} …): operators without a row, and ways for larger arrays than programs have" if most else "",
    )
    text = text.replace("| change |", f"{summary['note']}\n\n| change |") if "note" in summary else text
    for kind, count in sorted(counts.items()):
        cells = (count[fate] for fate in ("killed", "survived", "equivalent", "not reached"))
        text += f"| {kind} | " + " | ".join(map(str, cells)) + " |\n"
    text += _families(mutants)
    if survived:
        headings = [(heading(mutant["id"], mutant["change"]), mutant) for mutant in survived]
        known = Counter(head for head, _ in headings if head)
        places = Counter(_place(mutant["id"]) for head, mutant in headings if not head)
        text += _SURVIVORS + "".join(f"| {count} | {head} |\n" for head, count in known.most_common())
        text += f"| {places.total()} | others |\n\n{_OTHER}"
        text += ", ".join(f"{place} {count}" for place, count in places.most_common()) + "\n"
    return text


def _place(id: str) -> str:
    """A mutant's function; of one without a name the first words of where it stands."""
    name = id.partition(":")[0]
    return textwrap.shorten(name.replace("(", " ("), 60, placeholder=" ...")


def _which(count: int, every: int) -> str:
    if count == every:
        return f"All {every} were run."
    return (
        f"Of {every} mutants {count} were drawn by the seed. Each has a lot of its own: the sample stays what it is\n"
        "when other functions come."
    )


def _families(mutants: Iterable[Mapping[str, Any]]) -> str:
    """A row a module: how many die, and how many live without a reason."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant in mutants:
        row = mutant["id"].startswith("row ")
        module = "rows" if row else ".".join(re.split(r"[.:]", mutant["id"])[:2])
        fate = "equivalent" if mutant["equivalent"] and mutant["fate"] == "survived" else mutant["fate"]
        counts[module][fate] += 1
    text = "\n| module | killed | survived | share |\n|---|---|---|---|\n"
    for module, count in sorted(counts.items()):
        judged = count["killed"] + count["survived"]
        if judged:
            text += f"| {module} | {count['killed']} | {count['survived']} | {count['killed'] / judged:.0%} |\n"
    return text


def main(files: Sequence[str]) -> int:
    records = [json.loads(line) for name in files for line in Path(name).read_text(encoding="utf-8").splitlines()]
    PAGE.write_text(page(records), encoding="utf-8")
    print(f"written: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
