"""Writes a programme's document as TOML, the way the files that come with the program are written."""

import json
from typing import Any

_HEAD = ("name", "unit", "scale", "title", "summary")
_TABLES = ("parameters", "classes")
_LISTS = ("colours", "evidence", "approvals")
LINE_CHARS = 110
"""A value that would make a longer line is written over several."""


def write(document: dict[str, Any]) -> str:
    """Return the text of a document; reading it gives the same document. ValueError where TOML has no such value."""
    out = [f"{_key(name)} = {_value(document[name])}" for name in _HEAD if name in document]
    rest = {name: value for name, value in document.items() if name not in (*_HEAD, *_TABLES, *_LISTS)}
    out += [f"{_key(name)} = {_value(value)}" for name, value in rest.items()]
    for table in _TABLES:
        part = document.get(table)
        if not _is_table(part):
            out += [] if part is None else [f"{table} = {_value(part)}"]
    for table in _LISTS:
        part = document.get(table)
        if part is not None and not _is_list(part):
            out.append(f"{table} = {_value(part)}")
    for table in _TABLES:
        if _is_table(document.get(table)):
            for name, body in document[table].items():
                out += ["", f"[{table}.{_key(name)}]", *_lines(body)]
    for table in _LISTS:
        if _is_list(document.get(table)):
            for body in document[table]:
                out += ["", f"[[{table}]]", *_lines({k: v for k, v in body.items() if k != "rules"})]
                if "rules" in body:
                    rules = body["rules"]
                    out += (
                        [f"[{table}.rules]", *_lines(rules)] if isinstance(rules, dict) else [*_lines({"rules": rules})]
                    )
    return "\n".join(out) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, dict) for one in value.values()) and bool(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value) and bool(value)


def _lines(body: dict[str, Any]) -> list[str]:
    return [f"{_key(name)} = {_wide(value)}" for name, value in body.items()]


def _wide(value: Any) -> str:
    text = _value(value)
    if len(text) > LINE_CHARS and isinstance(value, list) and value:
        return "[\n" + "".join(f"  {_value(one)},\n" for one in value) + "]"
    return text


def _key(name: str) -> str:
    bare = name and all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in name)
    return name if bare else _text(name)


def _text(value: str) -> str:
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        raise ValueError("a text holds half a character")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    raise ValueError(f"{value!r:.40} cannot stand in a programme")
