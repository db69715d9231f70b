"""Names for lines and data sets that may stand in a colour's path: ``[a-z0-9_-]`` only, the same every month."""

import hashlib
import re

_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяёәғқңөұүһі"
_LATIN = "a,b,v,g,d,e,zh,z,i,i,k,l,m,n,o,p,r,s,t,u,f,kh,ts,ch,sh,shch,,y,,e,yu,ya,e,a,g,q,n,o,u,u,h,i"
_LETTERS = dict(zip(_CYRILLIC, _LATIN.split(","), strict=True))
_CODE = re.compile(r"0*(\d+)(?:\.0+)?")
_PLAIN_CODE = re.compile(r"[A-Za-z0-9_-]{1,32}")
SEGMENT = re.compile(r"[a-z0-9_-]{1,48}")
"""What one segment of a path looks like."""


def normal(name: str) -> str:
    """Return *name* as it is compared: white space joined, upper and lower case one."""
    return " ".join(name.split()).casefold()


def code_of(text: str) -> str:
    """Return a published code without the leading zeros and the ``.0`` that spreadsheets give and take."""
    text = text.strip()
    digits = _CODE.fullmatch(text)
    return digits[1] if digits else text


def slug(text: str) -> str:
    """Return *text* transliterated: ``местный_бюджет_Атырауская`` becomes ``mestnyi-byudzhet-atyrauskaya``."""
    latin = "".join(_LETTERS.get(letter, letter) for letter in text.casefold().replace("_", "-"))
    return re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:48].strip("-")


def stamp(name: str) -> str:
    """Return ten characters that stand for *name* where a line has no code; white space and case do not matter."""
    return hashlib.sha256(normal(name).encode("utf-8", "surrogatepass")).hexdigest()[:10]


def segment_of(code: str, name: str) -> str:
    """Return the path segment of a line from its (normal) *code*, or else from its *name*."""
    return code.lower() if _PLAIN_CODE.fullmatch(code) else f"n{stamp(code or name)}"
