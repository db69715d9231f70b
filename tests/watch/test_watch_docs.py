"""docs/watch.md says what the flags say, and names every trouble, action, refusal and setting."""

import importlib.util
import re
from pathlib import Path

from boyau.watch import dispositions, settings
from boyau.watch.cardinal import FLAGS as CARDINAL
from boyau.watch.cardinal import OVERRIDES
from boyau.watch.registry import FLAGS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "watch.md").read_text("utf-8")


def test_the_table_of_flags_is_written_from_the_flags():
    spec = importlib.util.spec_from_file_location("flags_tool", ROOT / "tools" / "flags.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.whole(PAGE) == PAGE, "run tools/flags.py"
    for name in FLAGS:
        assert f"### {name}: " in PAGE


def test_every_action_refusal_and_setting_is_named():
    for action in dispositions.ACTIONS:
        assert re.search(rf"^\| [^|]*\b{action}\b[^|]* \|", PAGE, re.MULTILINE), action
    source = (ROOT / "src/boyau/watch/dispositions.py").read_text("utf-8")
    codes = set(re.findall(r'DispositionRefused\("(\w+)"', source))
    assert len(codes) > 12
    assert [code for code in sorted(codes) if f"`{code}`" not in PAGE] == []
    for name in settings._TOP:
        assert re.search(rf"^{name} = ", PAGE, re.MULTILINE), name


def test_where_we_differ_from_cardinal_is_told():
    for flag in CARDINAL:
        assert flag in PAGE.partition("## Like Cardinal")[2].partition("## Settings")[0]
    for flag, options in OVERRIDES.items():
        for option in options:
            assert f"| {flag} | `{option}` |" in PAGE
