"""How wide a text is, how it breaks into lines, and how long names of organisations are shortened."""

LEGAL_FORMS = (
    # longest first, so that a form inside another is not taken for it
    ("Республиканское государственное предприятие на праве хозяйственного ведения", "РГП на ПХВ"),
    ("Шаруашылық жүргізу құқығындағы республикалық мемлекеттік кәсіпорны", "ШЖҚ РМК"),
    ("Республиканское государственное учреждение", "РГУ"),
    ("Коммунальное государственное учреждение", "КГУ"),
    ("Товарищество с ограниченной ответственностью", "ТОО"),
    ("Жауапкершілігі шектеулі серіктестігі", "ЖШС"),
    ("Жауапкершілігі шектеулі серіктестік", "ЖШС"),
    ("Республикалық мемлекеттік мекемесі", "РММ"),
    ("Коммуналдық мемлекеттік мекемесі", "КММ"),
    ("Индивидуальный предприниматель", "ИП"),
    ("Limited Liability Partnership", "LLP"),
    ("Государственное учреждение", "ГУ"),
    ("Мемлекеттік мекемесі", "ММ"),
    ("Акционерное общество", "АО"),
    ("Акционерлік қоғамы", "АҚ"),
    ("Joint Stock Company", "JSC"),
    ("Жеке кәсіпкер", "ЖК"),
    ("Республики Казахстан", "РК"),
    ("Қазақстан Республикасының", "ҚР"),
    ("Қазақстан Республикасы", "ҚР"),
)
"""What every official writes short: (in full, short). Tooltips and tables keep the full name."""

_NARROW = frozenset("iljtfrI.,:;'|!()[]- \N{NO-BREAK SPACE}іїґ")
_BROAD = frozenset("MWmwЖШЩЮМФжшщюмфЫы@%—")


def abbreviate(name: str) -> str:
    """Shorten legal forms, which would otherwise be all that fits of a name."""
    for full, short in LEGAL_FORMS:
        place = name.casefold().find(full.casefold())
        if place >= 0:
            name = name[:place] + short + name[place + len(full) :]
    return name


def text_width(text: str, size: float) -> float:
    """Estimate a text's width in pixels, on the wide side: the reader's font is not known."""
    ems = 0.0
    for letter in text:
        ems += 0.34 if letter in _NARROW else 0.86 if letter in _BROAD else 0.7 if letter.isupper() else 0.585
    return ems * size


def fit(text: str, width: float, size: float, lines_max: int) -> list[str]:
    """Break *text* into at most *lines_max* lines of *width* pixels; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    words = text.split(" ")
    while words and len(lines) < lines_max:
        line = words.pop(0)
        while words and text_width(f"{line} {words[0]}", size) <= width:
            line += " " + words.pop(0)
        if len(lines) + 1 == lines_max and words:
            line += " " + " ".join(words)
            words = []
        if text_width(line, size) > width:
            while line and text_width(line + "…", size) > width:
                line = line[:-1]
            line = line.rstrip(" ,«(-") + "…"
        lines.append(line)
    return lines


def tail(path: str, width: float, size: float = 12.5) -> str:
    """Shorten a path from its beginning, segment by segment, until it fits: ``…/j1/c17``."""
    segments = path.split("/")
    while len(segments) > 1 and text_width(path, size) > width:
        segments.pop(0)
        path = "…/" + "/".join(segments)
    return path
