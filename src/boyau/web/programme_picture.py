"""The steps that money takes through a programme, as a picture.

A dyed thread passes from hand to hand; on it stands what it waits for, and where it comes out undyed. It runs
from above to below, so that it reads alike on a phone and on a wide screen; every text in it is text.
"""

from collections.abc import Iterable

from markupsafe import Markup

from boyau.language.catalogue import mark as _
from boyau.programmes.stages import Gate, Group, Stage
from boyau.web import dyes
from boyau.web.rule_words import Naming

WIDTH = 400
THREAD, TEXT, END_TEXT = 26, 58, 92
"""Where the thread runs, and where texts begin, of the coloured and of the plain."""
LINE, SMALL_LINE = 19, 16
CHAR, STRONG_CHAR, SMALL_CHAR = 8.1, 9.2, 7.2
"""How wide a letter is at most, on average, of each size: Kazakh and Russian ones are the wider."""
STAGE_NAMES = {
    "commit": _("Before a contract is registered"), "advance": _("Before an advance"),
    "accept": _("Before work is accepted"), "pay": _("Before payment"),
}  # fmt: skip


class Picture:
    """Draws one root of a programme from above to below."""

    def __init__(self, naming: Naming, path: str) -> None:
        self._naming, self._words = naming, naming.words
        self._path, self._y, self._last = path, 10, 10
        self._told: set[str] = set()
        self._thread: list[tuple[int, int]] = []
        self._parts: list[Markup] = []

    def draw(self, title: str, stages: Iterable[Stage]) -> Markup:
        """Return the picture."""
        steps = list(stages)
        for place, stage in enumerate(steps):
            self._station(stage)
            if not stage.onward.payees or not stage.plain.payees:
                shared: tuple[Gate, ...] = ()
            else:
                shared = tuple(gate for gate in stage.plain.gates if gate in stage.onward.gates)
            for gate in _ordered(shared):
                self._gate(gate, TEXT)
            if stage.plain.payees:
                self._plain(stage.plain, shared)
            if stage.onward.payees:
                self._onward(stage.onward, shared)
            elif place == len(steps) - 1:
                self._thread[-1] = (self._thread[-1][0], self._last)
        height = self._y + 14
        first = self._thread[0][0] if self._thread else 0
        last = max((end for _, end in self._thread), default=first)
        shape = dyes.WEAVES[dyes.weave(self._path)]
        thread = Markup('<path class="thread-line" d="M{} {}V{}"/>').format(THREAD, first, last)
        selvedge = Markup('<path class="thread-edge" d="M{} {}V{}M{} {}V{}"/>').format(
            THREAD - 2, first, last, THREAD + 2, first, last
        )
        body = Markup("").join([thread, *([selvedge] if shape else []), *self._parts])
        return Markup('<svg class="moneyway dye-{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
            dyes.dye(self._path), WIDTH, height, title, body
        )

    # ---- pieces -----------------------------------------------------------------------------------------------------

    def _station(self, stage: Stage) -> None:
        """Draw who holds the money."""
        if stage.hop == 0:
            label = self._words.text("The budget's money, allocated. It is held by")
        elif stage.last > stage.hop:
            label = self._words.text(
                "Paid, still coloured, hands {first} to {last}. It is held by", first=stage.hop, last=stage.last
            )
        else:
            label = self._words.text("Paid, still coloured, hand {hop}. It is held by", hop=stage.hop)
        top = self._y
        self._thread.append((top + 10, top + 10))
        self._parts.append(Markup('<circle class="knot" cx="{}" cy="{}" r="9"/>').format(THREAD, top + 10))
        self._lines(label, TEXT, "soft", small=True)
        self._lines(self._kinds(stage.holders), TEXT, "strong")
        self._y += 10

    def _plain(self, group: Group, shared: tuple[Gate, ...]) -> None:
        """Draw the payments with which money becomes plain: what else they wait for, and who gets it."""
        top = self._last = self._y
        self._y += 6
        for gate in _ordered(gate for gate in group.gates if gate not in shared):
            self._gate(gate, END_TEXT)
        if not group.gates:
            self._lines(self._words.text("It waits for nothing"), END_TEXT, "soft", small=True)
        x, end = END_TEXT - 18, self._y + 9
        branch = Markup('<path class="branch" d="M{0} {1}C{0} {2} {3} {1} {3} {4}V{5}"/>').format(
            THREAD, top - 4, top + 10, x, top + 12, end
        )
        self._parts.insert(0, branch)
        self._parts.append(Markup('<circle class="undyed" cx="{}" cy="{}" r="8"/>').format(x, end))
        self._lines(self._words.text("Paid out: here it becomes plain money"), END_TEXT, "soft", small=True)
        self._lines(self._kinds(group.payees), END_TEXT, "strong")
        self._thread.append((self._thread[-1][0], top))
        self._y += 12

    def _onward(self, group: Group, shared: tuple[Gate, ...]) -> None:
        """Draw the payments with which it stays coloured."""
        for gate in _ordered(gate for gate in group.gates if gate not in shared):
            self._gate(gate, TEXT)
        if not group.gates:
            self._lines(self._words.text("It waits for nothing"), TEXT, "soft", small=True)
        self._thread.append((self._thread[-1][0], self._y + 10))
        self._y += 6

    def _gate(self, gate: Gate, x: int) -> None:
        """Draw something that money waits for; who answers, where it stands for the first time."""
        on = x - 18 if x == END_TEXT else THREAD
        self._parts.append(Markup('<path class="gate" d="M{} {}l7 7-7 7-7-7z"/>').format(on, self._y + 2))
        if gate.name == "payment" and gate.stage == "pay":
            name = self._words.text("Approval of a large payment")
        else:
            name = self._naming.condition(gate.name)
        self._lines(name, x, "")
        told = self._words.text(STAGE_NAMES[gate.stage])
        if gate.only:
            told += " · " + self._words.text("only for: {kinds}", kinds=self._kinds(gate.only))
        if gate.duty is not None and gate.name not in self._told:
            self._told.add(gate.name)
            told += " · " + " → ".join(
                self._words.text("{kind}, {days} days", kind=self._naming.kind(step.owner), days=step.days)
                for step in gate.duty.steps
            )
        self._lines(told, x, "soft", small=True)
        self._y += 6

    def _kinds(self, names: Iterable[str]) -> str:
        return "; ".join(self._naming.kind(one) for one in names)

    def _lines(self, text: str, x: int, kind: str, *, small: bool = False) -> None:
        step = SMALL_LINE if small else LINE
        wide = SMALL_CHAR if small else STRONG_CHAR if kind == "strong" else CHAR
        for line in _wrapped(text, int((WIDTH - x - 4) / wide)):
            self._y += step
            names = " ".join(one for one in (kind, "small" if small else "") if one)
            self._parts.append(
                Markup('<text x="{}" y="{}" class="{}">{}</text>').format(x, self._y - 5, names, line)
            )  # fmt: skip


def _ordered(gates: Iterable[Gate]) -> list[Gate]:
    """Put gates in the order in which money meets them."""
    order = list(STAGE_NAMES)
    return sorted(gates, key=lambda gate: (order.index(gate.stage), gate.name == "payment", gate.name))


def _wrapped(text: str, chars: int) -> list[str]:
    out = [""]
    for word in text.split():
        if out[-1] and len(out[-1]) + 1 + len(word) > chars:
            out.append("")
        out[-1] = f"{out[-1]} {word}".strip()
    return out


def picture(naming: Naming, path: str, title: str, stages: Iterable[Stage]) -> Markup:
    """Draw the stages of one root. *title*: what the picture is, for those who listen."""
    return Picture(naming, path).draw(title, stages)
