"""The few words a flow is shown with, in the ledger's three languages."""

from boyau.trace.errors import TraceError

LANGUAGES = ("kk", "ru", "en")

_WORDS: dict[str, tuple[str, str, str]] = {
    # kinds of nodes, also heads of columns
    "source": ("Бастау", "Источник", "Source"),
    "colour": ("Бояу", "Цвет", "Colour"),
    "holder": ("Орындаушы", "Исполнитель", "Contractor"),
    "payee": ("Алушы", "Получатель", "Payee"),
    "unspent": ("Жұмсалмаған", "Не израсходовано", "Unspent"),
    "held": ("Резервте", "В резерве", "On hold"),
    "returned_to": ("Қайтарылды: {name}", "Возвращено: {name}", "Returned to {name}"),
    "other": ("басқалары ({count})", "прочие ({count})", "other ({count})"),
    "back_to": ("кері: {name}", "обратно: {name}", "back to {name}"),
    "back_from": ("кері келді: {name}", "вернулось от: {name}", "back from {name}"),
    # totals
    "came": ("Түсті", "Поступило", "Came in"),
    "received": ("Алушыларда", "У получателей", "Received by payees"),
    "returned": ("Бастауға қайтарылды", "Возвращено в источник", "Returned to source"),
    "elsewhere": ("Басқа шоттарда", "На других счетах", "On other accounts"),
    "given_back": ("Жолда қайтарылды", "Возвращено в пути", "Given back on the way"),
    # the table
    "from": ("Қайдан", "Откуда", "From"),
    "to": ("Қайда", "Куда", "To"),
    "amount": ("Сома", "Сумма", "Amount"),
    "share": ("Үлесі", "Доля", "Share"),
    "given_back_short": ("Қайтарылғаны", "Возвращено", "Given back"),
    "entries": ("Жазбалар", "Записей", "Entries"),
    "table": ("Кестедегі дәл сол деректер", "Те же данные в таблице", "The same figures as a table"),
    "nothing": ("Ақша қозғалысы жоқ", "Движения денег нет", "No money moved"),
    "drawing": (
        "Ақша ағынының сызбасы, солдан оңға: {nodes} түйін, {links} байланыс.",
        "Схема движения денег слева направо: узлов {nodes}, связей {links}.",
        "Diagram of the flow of money, left to right: {nodes} nodes, {links} links.",
    ),
}


def word(what: str, language: str) -> str:
    """Return the word or phrase for *what*; phrases may hold ``{name}`` or ``{count}`` for the caller to fill."""
    if language not in LANGUAGES:
        raise TraceError(f"no language {language}; there are {', '.join(LANGUAGES)}")
    return _WORDS[what][LANGUAGES.index(language)]
