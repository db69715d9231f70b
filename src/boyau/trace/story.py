"""From traced transfers to a `Flow`: who is one node, what is small enough to be "other", what cancels out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from boyau.trace.flow import Evidence, Flow, Link, Lots, Node, NodeKind
from boyau.trace.lineage import Lineage, Trace
from boyau.trace.names import Names
from boyau.trace.parts import Flags, Int32s, Int64s, Integers, sums
from boyau.trace.ranks import Ranks

KINDS = tuple(NodeKind)
DENSE = 1 << 22
"""Up to this many possible links they are summed in a full matrix."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Some transfers of a story: how much of each, and how much of that is linked over the account ``via``."""

    entry: Integers
    amount: Int64s
    via: Integers
    linked: Int64s

    @classmethod
    def of(cls, trace: Trace, keep: Flags | None = None) -> "Chapter":
        """Take a trace, or those of its transfers that *keep* names."""
        chosen = slice(None) if keep is None else keep
        return cls(trace.entry[chosen], trace.amount[chosen], trace.via[chosen], trace.linked[chosen])


@dataclass(frozen=True, slots=True)
class Remainder:
    """Money of a story that lies on coloured accounts: by piece, the account, what is free of it and what is held."""

    account: Integers
    unspent: Int64s
    held: Int64s
    entry: Integers | None = None
    """The transfer that brought each piece; None where only sums are known."""


def content(lineage: Lineage, accounts: Flags, held: Int64s | None) -> Remainder:
    """Return all that lies on *accounts*, lot by lot. Held is the oldest money: it would be paid next."""
    rest = lineage.parts.rest
    account = lineage.credit[rest.entry]
    chosen = np.flatnonzero(accounts[account])
    account, size = account[chosen], rest.size[chosen]
    position = size if held is None else _position(account, size)
    return _divide(account, size, position, held, rest.entry[chosen])


def remainder(lineage: Lineage, trace: Trace, accounts: Flags, held: Int64s | None) -> Remainder:
    """Return what still lies on *accounts* of the money that *trace* followed there."""
    _, place, both = trace.pieces.common(lineage.parts.rest)
    rest = lineage.parts.rest
    account = lineage.credit[both.entry]
    chosen = np.flatnonzero(accounts[account])
    account, place = account[chosen], place[chosen]
    size, begin = both.size[chosen], both.begin[chosen]
    position = np.zeros(len(chosen), np.int64)
    if held is not None and len(chosen):
        wanted = np.zeros(len(accounts), np.bool_)
        wanted[account] = True
        owner = lineage.credit[rest.entry]
        there = np.flatnonzero(wanted[owner])
        start = np.zeros(len(rest), np.int64)
        start[there] = _position(owner[there], rest.size[there])
        position = start[place] + begin - rest.begin[place]
    return _divide(account, size, position, held, both.entry[chosen])


def balances(lineage: Lineage, accounts: Flags, entries: Flags) -> Remainder:
    """Return what lay on *accounts* after only *entries* had moved: sums, not lots. What they overdrew counts as 0."""
    account = np.flatnonzero(accounts)
    chosen = np.flatnonzero(entries)
    size = len(accounts)
    into = sums(lineage.credit[chosen], lineage.amount[chosen], size)
    out = sums(lineage.debit[chosen], lineage.amount[chosen], size)
    left = np.maximum((into - out)[account], 0).astype(np.int64)
    return Remainder(account[left > 0], left[left > 0], np.zeros(int((left > 0).sum()), np.int64))


def _position(account: Integers, size: Int64s) -> Int64s:
    """Return how much older money lies before each piece on its account."""
    order = np.argsort(account, kind="stable")
    account, size = account[order], size[order]
    with np.errstate(over="ignore"):  # only differences within one account are used
        running = np.cumsum(size) - size
    fresh = np.flatnonzero(np.concatenate([[True], account[1:] != account[:-1]])) if len(account) else order
    start = np.repeat(running[fresh], np.diff(np.concatenate([fresh, [len(account)]])))
    position = np.empty(len(account), np.int64)
    position[order] = running - start
    return position


def _divide(account: Integers, size: Int64s, position: Int64s, held: Int64s | None, entry: Integers) -> Remainder:
    if held is None:
        return Remainder(account, size, np.zeros(len(size), np.int64), entry)
    set_aside = np.clip(np.asarray(held, np.int64)[account] - position, 0, size)
    return Remainder(account, size - set_aside, set_aside, entry)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Nodes before small ones are merged: by account the node it gives as and the one it takes as."""

    giver: Int32s
    taker: Int32s
    kind: Integers
    tier: Integers
    name: Sequence[str]
    key: Sequence[str]
    fixed: Flags
    focus: Flags


def tell(
    lineage: Lineage,
    names: Names,
    question: Mapping[str, Any],
    chapters: Sequence[Chapter],
    remainders: Sequence[Remainder],
    *,
    level: int | None,
    top: int | None,
    focus: Sequence[int] = (),
    focus_colour: str | None = None,
    together: str = "",
) -> Flow:
    """Make the flow of a story.

    *level*: colours deeper than this many segments are shown as their ancestor. *top*: of each kind and tier only
    that many nodes are kept, the others are merged into one. Accounts in *focus* and *focus_colour* stay themselves;
    *together*: those in *focus* are one node, the participant of this name.
    """
    entry = _joined([np.asarray(chapter.entry, np.int64) for chapter in chapters])
    amount = _joined([chapter.amount for chapter in chapters])
    debit, credit = lineage.debit[entry], lineage.credit[entry]
    used = np.zeros(len(lineage.issuer), np.bool_)
    used[debit] = used[credit] = True
    for rest in remainders:
        used[rest.account] = True
    touched = np.flatnonzero(used)
    groups = _groups(lineage, names, used, level, focus, focus_colour, together)
    size = len(groups.kind)
    out, into = sums(debit, amount, len(used)), sums(credit, amount, len(used))
    books = _books(out, into, chapters, remainders, touched)
    giver, taker = groups.giver[debit], groups.taker[credit]
    inner = np.flatnonzero(giver == taker)  # within one node
    within = sums(giver[inner], amount[inner], size).tolist()
    given, taken = (
        _regroup(groups.giver[touched], out[touched], size),
        _regroup(groups.taker[touched], into[touched], size),
    )
    came = _regroup(groups.giver[touched], books.begins, size)
    kept = _regroup(groups.taker[touched], books.ends, size)
    for group, both in enumerate(map(min, came, kept)):  # a giver that got some back, a payee that gave some back
        came[group] -= both
        kept[group] -= both
    both_ways = zip(given, kept, taken, came, within, strict=True)
    weight = [max(left + end, arrived + begin) - inside for left, end, arrived, begin, inside in both_ways]
    shown = _Shown(groups, *_merge(groups, weight, top))
    code = shown.final[giver].astype(np.int64) * len(shown.order) + shown.final[taker]
    ranks = Ranks(names, lineage.issuer, touched)
    money = ranks.of_transfers(debit, credit)
    links = shown.links(code, amount, money, ranks)
    links += shown.lying(books, groups.taker[touched], ranks.of_accounts(touched), ranks)
    links.sort(key=lambda link: (-link.amount, -link.returned, link.origin, link.target))
    nodes = shown.nodes(links, came, kept)
    places = {key: place for place, key in enumerate(shown.keys)}
    lots = _lots(lineage, remainders, shown.final, groups.taker)
    evidence = Evidence(lineage.numbers[entry], amount, code, places, lots)
    return Flow(question, tuple(nodes), tuple(links), names, evidence)


def _lots(lineage: Lineage, remainders: Sequence[Remainder], final: Int32s, taker: Int32s) -> dict[str, Lots]:
    """Return the lots behind the links to unspent and to held money."""
    known = [(rest, rest.entry) for rest in remainders if rest.entry is not None and len(rest.account)]
    if not known:
        return {}
    numbers = _joined([lineage.numbers[entry] for _, entry in known])
    node = np.concatenate([final[taker[rest.account]] for rest, _ in known])
    unspent, held = _joined([rest.unspent for rest, _ in known]), _joined([rest.held for rest, _ in known])
    return {NodeKind.UNSPENT.value: (numbers, unspent, node), NodeKind.HELD.value: (numbers, held, node)}


@dataclass(frozen=True, slots=True)
class _Books:
    """By touched account: what begins there (came from outside the story), what ends there, what lies there."""

    begins: Integers
    ends: Integers
    unspent: Integers
    held: Integers
    unspent_lots: Integers
    held_lots: Integers


def _books(
    out: Integers, into: Integers, chapters: Sequence[Chapter], remainders: Sequence[Remainder], touched: Int64s
) -> _Books:
    """Balance every account: what went *out* of it and came *into* it is linked, or it begins or ends there."""
    accounts = len(out)
    begins, ends = out, into
    unspent: Integers = np.zeros(accounts, np.int64)
    held: Integers = np.zeros(accounts, np.int64)
    unspent_lots, held_lots = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
    for chapter in chapters:
        linked = sums(chapter.via, chapter.linked, accounts)
        begins, ends = begins - linked, ends - linked
    for rest in remainders:
        unspent = unspent + sums(rest.account, rest.unspent, accounts)
        held = held + sums(rest.account, rest.held, accounts)
        if rest.entry is not None:
            np.add.at(unspent_lots, rest.account[rest.unspent > 0], 1)
            np.add.at(held_lots, rest.account[rest.held > 0], 1)
    ends = ends - unspent - held
    begins = begins + np.where(ends < 0, -ends, 0)  # it lay there before the story, which then begins with it
    ends = np.where(ends < 0, 0, ends)
    columns = (begins, ends, unspent, held, unspent_lots, held_lots)
    return _Books(*(column[touched] for column in columns))


def _joined(columns: Sequence[Int64s]) -> Int64s:
    """Put columns one after the other."""
    return columns[0] if len(columns) == 1 else np.concatenate(columns)


def _regroup(groups: Integers, values: Integers, size: int) -> list[int]:
    """Sum by group, as Python integers."""
    if values.dtype != object:
        return sums(groups, np.asarray(values, np.int64), size).tolist()  # type: ignore[no-any-return]
    total = [0] * size
    for group, value in zip(groups.tolist(), values.tolist(), strict=True):
        total[group] += value
    return total


def _groups(
    lineage: Lineage,
    names: Names,
    used: Flags,
    level: int | None,
    focus: Sequence[int],
    focus_colour: str | None,
    together: str,
) -> _Groups:
    """Decide which accounts are one node."""
    account = np.flatnonzero(used)
    colour, hop = names.colour_of[account].astype(np.int64), names.hop_of[account].astype(np.int64)
    participant = names.participant_of[account].astype(np.int64)
    issuer, plain = lineage.issuer[account], names.plain[colour]
    shown: dict[str, int] = {}
    cut = np.zeros(len(names.colours), np.int64)
    for index in np.unique(colour).tolist():
        path = "/".join(names.colours[index].split("/")[:level])
        cut[index] = shown.setdefault(path, len(shown))
    paths = list(shown)
    kind = np.where(issuer, 0, np.where(plain, 3, np.where(hop > 0, 2, 1)))  # places in KINDS
    index = np.where(kind == 1, cut[colour], participant)
    base = (kind << 56) | (np.where(kind == 2, hop, 0) << 48) | index
    special = np.isin(account, np.asarray(focus, np.int64)) & ~issuer
    base[special] = (1 << 60) | (int(focus[0]) if together else account[special])
    back = np.where(issuer, base | (KINDS.index(NodeKind.RETURNED) << 56), base)
    codes, first, where = np.unique(np.concatenate([base, back]), return_index=True, return_inverse=True)
    giver, taker = np.full(len(used), -1, np.int32), np.full(len(used), -1, np.int32)
    giver[account], taker[account] = where[: len(account)], where[len(account) :]
    first = first % max(len(account), 1)
    alone = KINDS.index(NodeKind.PARTICIPANT) if together else kind[first]
    kinds = np.where(codes >> 60, alone, (codes >> 56) & 15)
    tier = np.zeros(len(codes), np.int64)
    name, key = [], []
    for at, code in enumerate(codes.tolist()):
        one = int(first[at])
        what = KINDS[int(kinds[at])]
        tier[at] = int(hop[one]) if what is NodeKind.HOLDER else 0
        if what is NodeKind.COLOUR:
            name.append(names.colours[int(colour[one])] if code >> 60 else paths[int(cut[colour[one]])])
            tier[at] = name[-1].count("/") + 1
        else:
            name.append(names.participants[int(participant[one])])
        suffix = f"#{int(tier[at])}" if what is NodeKind.HOLDER else ""
        alone_key = code >> 60 and not together
        key.append(f"account:{names.address(int(account[one]))}" if alone_key else f"{what.value}:{name[-1]}{suffix}")
    fixed = special[first] & (codes >> 60 > 0)
    if focus_colour is not None:
        fixed |= (kinds == 1) & np.array([text == focus_colour for text in name], np.bool_)
    return _Groups(giver, taker, kinds, tier, name, key, fixed, fixed)


def _merge(groups: _Groups, weight: Sequence[int], top: int | None) -> tuple[Int32s, list[list[int]]]:
    """Merge the small nodes of each kind and tier. Return the new number of each group, and the groups in each."""
    by_tier: dict[tuple[int, int], list[int]] = {}
    for group in sorted(range(len(groups.kind)), key=lambda place: (-weight[place], groups.key[place])):
        if not groups.fixed[group]:
            by_tier.setdefault((int(groups.kind[group]), int(groups.tier[group])), []).append(group)
    order = [[int(group)] for group in np.flatnonzero(groups.fixed)]
    for members in by_tier.values():
        cut = len(members) if top is None or len(members) <= top + 1 else top
        order += [[group] for group in members[:cut]]
        if members[cut:]:
            order.append(members[cut:])
    final = np.empty(len(groups.kind), np.int32)
    for number, merged in enumerate(order):
        final[merged] = number
    return final, order


class _Shown:
    """The nodes as they will be shown, by number; then unspent and held money."""

    def __init__(self, groups: _Groups, final: Int32s, order: list[list[int]]) -> None:
        self.groups, self.final, self.order = groups, final, order
        self.keys = [
            groups.key[merged[0]]
            if len(merged) == 1
            else f"other:{KINDS[int(groups.kind[merged[0]])].value}:{int(groups.tier[merged[0]])}"
            for merged in order
        ]

    def links(self, code: Int64s, amount: Int64s, money: Int32s, ranks: Ranks) -> list[Link]:
        """Sum the transfers between each two nodes; what went both ways cancels out and is counted as returned.

        *money*: the colour of each transfer, as its rank in *ranks*.
        """
        size = len(self.order)
        if size * size <= DENSE:
            total = sums(code, amount, size * size)
            count = np.bincount(code, minlength=size * size)
            spans = ranks.spans(code, money, size * size)
            codes = np.flatnonzero(count)
            total, count, spans = total[codes], count[codes], spans[codes]
        else:
            codes, where, count = np.unique(code, return_inverse=True, return_counts=True)
            total, spans = sums(where, amount, len(codes)), ranks.spans(where, money, len(codes))
        rows = zip(total.tolist(), count.tolist(), spans.tolist(), strict=True)
        there = dict(zip(codes.tolist(), rows, strict=True))
        links = []
        for one, (given, entries, span) in there.items():
            giver, taker = divmod(one, size)
            back, more, other = there.get(taker * size + giver, (0, 0, ranks.none))
            if (given, -giver) > (back, -taker):  # the larger direction speaks for both
                colour = ranks.common(span, other)
                links.append(Link(self.keys[giver], self.keys[taker], given - back, back, entries + more, colour))
        return links

    def lying(self, books: _Books, taker: Int32s, money: Int32s, ranks: Ranks) -> list[Link]:
        """Make the links to unspent and held money; *taker* and *money*: node and colour of each account in *books*."""
        where, size = self.final[taker], len(self.order)
        links = []
        for kind, left, lots in (
            (NodeKind.UNSPENT, books.unspent, books.unspent_lots),
            (NodeKind.HELD, books.held, books.held_lots),
        ):
            some = np.flatnonzero(left)
            spans = ranks.spans(where[some], money[some], size).tolist()
            rows = zip(self.keys, _regroup(where, left, size), _regroup(where, lots, size), spans, strict=True)
            links += [
                Link(key, kind.value, amount, 0, count, ranks.common(span))
                for key, amount, count, span in rows
                if amount
            ]
        return links

    def nodes(self, links: list[Link], came: list[int], kept: list[int]) -> list[Node]:
        """Make the nodes, largest first; *came* and *kept* are by group."""
        groups = self.groups
        into: dict[str, int] = {}
        for link in links:
            into[link.target] = into.get(link.target, 0) + link.amount
        seen = {link.origin for link in links} | {link.target for link in links}
        nodes = []
        for key, merged in zip(self.keys, self.order, strict=True):
            one = merged[0]
            begins, ends = sum(came[group] for group in merged), sum(kept[group] for group in merged)
            amount = begins + into.get(key, 0)
            if not amount and key not in seen and not groups.focus[one]:
                continue
            nodes.append(
                Node(
                    key=key,
                    kind=KINDS[int(groups.kind[one])],
                    name=groups.name[one] if len(merged) == 1 else "",
                    tier=int(groups.tier[one]),
                    merged=len(merged) if len(merged) > 1 else 0,
                    focus=bool(groups.focus[one]),
                    came=begins,
                    kept=ends,
                    amount=amount,
                )
            )
        for kind in (NodeKind.UNSPENT, NodeKind.HELD):
            value = into.get(kind.value, 0)
            if value:
                nodes.append(Node(kind.value, kind, "", 0, 0, focus=False, came=0, kept=value, amount=value))
        return sorted(nodes, key=lambda node: (-node.amount, node.key))
