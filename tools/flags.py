"""Write the table of flags in docs/watch.md from the flags themselves: ``.venv/bin/python tools/flags.py``.

``--check`` changes nothing: exit code 1 where the page is not what the flags say.
"""

import argparse
import sys
from pathlib import Path

from boyau.language import language
from boyau.watch.flag import Flag
from boyau.watch.page import page
from boyau.watch.registry import FLAGS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "watch.md"
BEGIN, END = "<!-- flags: written by tools/flags.py -->\n", "<!-- end of flags -->"


def written() -> str:
    """Return the sections of all flags."""
    return "\n".join(_section(flag) for flag in FLAGS.values())


def _section(flag: Flag) -> str:
    shown = page(flag, language("en"))
    lines = [
        f"### {shown['id']}: {shown['title']}",
        "",
        f"{shown['question']}",
        "",
        f"- **Formula**: {shown['formula']}",
        f"- **Fields**: {', '.join(f'`{one}`' for one in shown['fields'])}",
        f"- **Basis**: {'; '.join(shown['basis'])}",
        f"- **Known false alarms**: {' '.join(shown['false_alarms'])}",
    ]
    lines += [f"- `{one['name']}` (default {one['default']}): {one['text']}" for one in shown["options"]]
    return "\n".join(lines) + "\n"


def whole(text: str) -> str:
    """Return the page *text* with the sections between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{PAGE.name} has not both marks")
    return before + BEGIN + "\n" + written() + "\n" + END + after


def main() -> int:
    """Write, or with ``--check`` compare."""
    parser = argparse.ArgumentParser(description="Write the flags into docs/watch.md.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the page is out of date")
    options = parser.parse_args()
    text = PAGE.read_text("utf-8")
    new = whole(text)
    if options.check:
        return 0 if new == text else 1
    PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
