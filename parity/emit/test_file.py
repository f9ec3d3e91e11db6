"""A program as a pytest test that runs both engines; it imports parity and no strategies."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

from parity.notation import listing
from parity.program import Program

_WIDTH = 100


def test_file(program: Program, *, engine: str, remarks: Sequence[str] = (), label: str = "program") -> str:
    """A test function of its own name, with its imports: as a file of its own or appended to one.

    The docstring shows the program; the text it runs is the program's exact JSON, floats in hex.
    """
    name = "".join(char if char.isalnum() else "_" for char in label)
    # Compact and sorted, so that the same program is the same text; wrapped between values only.
    packed = json.dumps(program.to_json(), sort_keys=True)
    lines = textwrap.wrap(packed, _WIDTH - 4, break_long_words=False, break_on_hyphens=False)
    doc = [*(remarks or (f"{engine} agrees with torch on a kept program.",))]
    return "\n".join(
        [
            "import parity",
            "",
            "",
            f"def test_{name}_{program.id}() -> None:",
            f'    """{doc[0]}',
            *(f"    {line}".rstrip() for line in doc[1:]),
            "",
            *(f"        {line}".rstrip() for line in listing(program)),
            '    """',
            "    program = parity.Program.loads(",
            '        """',
            *(f"        {line}" for line in lines),
            '        """',
            "    )",
            f'    parity.assert_parity(program, engine="{engine}")',
            "",
        ]
    )
