"""`parity card`: an engine's operators, dtypes, conventions and orders of derivative, as measured."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from parity.catalogue import CATALOGUE
from parity.cli.codes import AGREE
from parity.cli.options import Verbs, engine_options, process_options, python_of, target_of, target_options
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.engines.conformance import conform
from parity.errors import UsageError
from parity.report.card import card_text

FOLDER = Path("docs/cards")


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("card", help="what an engine has and which conventions it keeps, as measured")
    verb.set_defaults(verb=card)
    target_options(verb, "an adapter's name, a module, or a class")
    engine_options(verb)
    process_options(verb)
    verb.add_argument("--print", dest="printed", action="store_true", help=f"print instead of writing {FOLDER}/NAME.md")


def card(options: argparse.Namespace) -> int:
    target = target_of(options)
    if target is None:
        raise UsageError("card needs a target, e.g. parity card jax")
    engine = resolve(target, options.engine_option, python_of(options))
    finding = conform(engine)
    with torch_reference.settings() as reference:
        versions = {engine.name: engine.version, "torch": reference.version, "NumPy": np.__version__}
        conforms = "every check of `parity doctor` passes" if finding is None else f"fails at {finding}"
        text = card_text(engine, reference, CATALOGUE, versions, conforms, options.engine_option)
    if options.printed:
        print(text, end="")
        return AGREE
    path = FOLDER / f"{engine.name.replace('.', '-')}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"written: {path}")
    return AGREE
