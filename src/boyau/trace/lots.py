# cython: boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The kernel of tracing: which lots each transfer consumed, and where given pieces of money came from or went.

A *lot* is a transfer seen from the account it arrived on: the interval [0, amount) of its money, in the order in which
its parts arrived. An account is a queue of lots, and a transfer consumes the oldest money of its debit account first.
So every transfer is made of *parts*: the bytes [parent_offset, parent_offset + part) of an older transfer are the
bytes [child_offset, child_offset + part) of this one. A part finishes a lot or a transfer, hence at most two parts a
transfer. What an issuer lacks is new money: a part whose parent is ``ORIGIN``.

The file runs compiled (Cython, pure Python mode) and as it stands. Compiled, the loops release the interpreter's lock:
ten million transfers take seconds, in which a service must go on answering. Indices are not checked here; `lineage`
does that. All arrays are C-contiguous; pass ``array.data``, a memoryview, which is quick to index uncompiled as well.
"""

import cython

COMPILED: bool = bool(cython.compiled)
"""Whether this module runs as machine code."""

ORIGIN = -1
"""The parent of new money."""

SHORT = -1
"""Answer of `forward` and `backward` when the arrays for pieces are too short."""


def fifo(
    debit: cython.int[::1],
    credit: cython.int[::1],
    amount: cython.longlong[::1],
    issuer: cython.uchar[::1],
    returns: cython.int[::1],
    head: cython.int[::1],
    tail: cython.int[::1],
    following: cython.int[::1],
    front: cython.longlong[::1],
    end: cython.longlong[::1],
    first: cython.longlong[::1],
    parent: cython.int[::1],
    parent_offset: cython.longlong[::1],
    child_offset: cython.longlong[::1],
    part: cython.longlong[::1],
) -> cython.longlong:
    """Split every transfer into parts, oldest money first. Return the number of parts, or −1 − i where i lacks money.

    In: *debit*, *credit*, *amount* by transfer, *issuer* by account, *returns* by transfer (the transfer whose own
    money goes back, or −1) or empty. State, by account: *head* and *tail* (−1); by transfer: *following* (−1),
    *front* (0), *end* (a copy of *amount*). Afterwards [front, end) is what is left of each lot. Out: the parts of
    transfer i are *first*[i] … *first*[i + 1] − 1; the four arrays of parts need room for two a transfer.
    """
    i: cython.Py_ssize_t
    payer: cython.Py_ssize_t
    payee: cython.Py_ssize_t
    lot: cython.Py_ssize_t
    need: cython.longlong
    at: cython.longlong
    left: cython.longlong
    count: cython.longlong = 0
    giving_back: cython.bint = returns.shape[0] > 0
    with cython.nogil:
        for i in range(amount.shape[0]):
            first[i] = count
            payer = debit[i]
            need = amount[i]
            at = 0
            if giving_back and returns[i] >= 0:
                lot = returns[i]
                left = min(need, end[lot] - front[lot])
                if left > 0:  # the last money of that lot goes back: what was spent of it was spent from its front
                    end[lot] -= left
                    parent[count] = lot
                    parent_offset[count] = end[lot]
                    child_offset[count] = 0
                    part[count] = left
                    count += 1
                    need -= left
                    at = left
            while need > 0:
                lot = head[payer]
                if lot < 0:
                    break
                left = min(need, end[lot] - front[lot])
                if left > 0:
                    parent[count] = lot
                    parent_offset[count] = front[lot]
                    child_offset[count] = at
                    part[count] = left
                    count += 1
                    front[lot] += left
                    need -= left
                    at += left
                if front[lot] == end[lot]:
                    head[payer] = following[lot]
            if need > 0:
                if not issuer[payer]:
                    count = -1 - i
                    break
                parent[count] = -1
                parent_offset[count] = 0
                child_offset[count] = at
                part[count] = need
                count += 1
            payee = credit[i]
            if head[payee] < 0:
                head[payee] = i
            else:
                following[tail[payee]] = i
            tail[payee] = i
    if count >= 0:
        first[amount.shape[0]] = count
    return count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _join(
    begin: cython.longlong[::1], end: cython.longlong[::1], low: cython.longlong, high: cython.longlong
) -> cython.longlong:
    """Put the pieces *low* … *high* − 1 in order, join those that touch or overlap; return the new *high*."""
    i: cython.longlong
    j: cython.longlong
    x: cython.longlong
    y: cython.longlong
    for i in range(low + 1, high):  # insertion: nearly always they are in order already
        x = begin[i]
        y = end[i]
        j = i
        while j > low and begin[j - 1] > x:
            begin[j] = begin[j - 1]
            end[j] = end[j - 1]
            j -= 1
        begin[j] = x
        end[j] = y
    j = low
    for i in range(low + 1, high):
        if begin[i] <= end[j]:
            end[j] = max(end[j], end[i])
        else:
            j += 1
            begin[j] = begin[i]
            end[j] = end[i]
    return j + 1 if high > low else low


def forward(
    debit: cython.int[::1],
    first: cython.longlong[::1],
    parent: cython.int[::1],
    parent_offset: cython.longlong[::1],
    child_offset: cython.longlong[::1],
    part: cython.longlong[::1],
    stop: cython.uchar[::1],
    seed_entry: cython.int[::1],
    seed_begin: cython.longlong[::1],
    seed_end: cython.longlong[::1],
    slot: cython.int[::1],
    entry: cython.int[::1],
    pulled: cython.longlong[::1],
    bounds: cython.longlong[::1],
    begin: cython.longlong[::1],
    end: cython.longlong[::1],
) -> cython.longlong:
    """Follow the seeds to every later transfer that carries a piece of them. Return how many transfers, or ``SHORT``.

    One pass over the parts in journal order: a parent is always complete before its children. Money that arrived on
    an account with *stop* is not followed further. Seeds are ordered by entry. *slot* (by transfer) is all zero.
    Out: *entry*, *pulled* (how much came from a followed parent; the rest is seed) and *bounds*: the pieces of the
    k-th are *begin*, *end* from *bounds*[k] to *bounds*[k + 1] − 1, in order, not touching each other.
    """
    i: cython.Py_ssize_t
    k: cython.longlong
    place: cython.longlong
    a: cython.longlong
    b: cython.longlong
    low: cython.longlong
    high: cython.longlong
    x: cython.longlong
    y: cython.longlong
    shift: cython.longlong
    got: cython.longlong
    start: cython.longlong
    fill: cython.longlong = 0
    count: cython.int = 0
    seed: cython.Py_ssize_t = 0
    seeds: cython.Py_ssize_t = seed_entry.shape[0]
    room: cython.longlong = begin.shape[0]
    bounds[0] = 0
    begun: cython.Py_ssize_t = seed_entry[0] if seeds else debit.shape[0]
    short: cython.bint = False
    with cython.nogil:
        for i in range(begun, debit.shape[0]):
            start = fill
            got = 0
            if not stop[debit[i]]:
                for k in range(first[i], first[i + 1]):
                    if parent[k] < 0:
                        continue
                    place = slot[parent[k]]
                    if place == 0:
                        continue
                    low = parent_offset[k]
                    high = low + part[k]
                    shift = child_offset[k] - low
                    a = bounds[place - 1]
                    b = bounds[place]
                    while a < b:  # the first piece that ends after *low*
                        x = (a + b) >> 1
                        if end[x] > low:
                            b = x
                        else:
                            a = x + 1
                    while a < bounds[place] and begin[a] < high:
                        x = max(begin[a], low) + shift
                        y = min(end[a], high) + shift
                        got += y - x
                        if fill > start and end[fill - 1] == x:
                            end[fill - 1] = y
                        else:
                            if fill == room:
                                short = True
                                break
                            begin[fill] = x
                            end[fill] = y
                            fill += 1
                        a += 1
                    if short:
                        break
            if seed < seeds and seed_entry[seed] == i:
                while seed < seeds and seed_entry[seed] == i:
                    if fill == room:
                        short = True
                        break
                    begin[fill] = seed_begin[seed]
                    end[fill] = seed_end[seed]
                    fill += 1
                    seed += 1
                fill = _join(begin, end, start, fill)
            if short:
                break
            if fill > start:
                entry[count] = i
                pulled[count] = got
                count += 1
                bounds[count] = fill
                slot[i] = count
    return -1 if short else count


def backward(
    debit: cython.int[::1],
    first: cython.longlong[::1],
    parent: cython.int[::1],
    parent_offset: cython.longlong[::1],
    child_offset: cython.longlong[::1],
    part: cython.longlong[::1],
    stop: cython.uchar[::1],
    seed_entry: cython.int[::1],
    seed_begin: cython.longlong[::1],
    seed_end: cython.longlong[::1],
    slot: cython.int[::1],
    entry: cython.int[::1],
    pulled: cython.longlong[::1],
    bounds: cython.longlong[::1],
    begin: cython.longlong[::1],
    end: cython.longlong[::1],
    given_begin: cython.longlong[::1],
    given_end: cython.longlong[::1],
    given_next: cython.longlong[::1],
) -> cython.longlong:
    """Follow the seeds to every earlier transfer that brought a piece of them. Return how many, or ``SHORT``.

    As `forward`, newest transfer first: each hands its pieces to its parents, which wait in linked lists (*slot* holds
    the list's top, 1 and above). Money that was paid from an account with *stop* is not followed further.
    """
    i: cython.Py_ssize_t
    k: cython.longlong
    p: cython.Py_ssize_t
    a: cython.longlong
    top: cython.longlong
    low: cython.longlong
    high: cython.longlong
    x: cython.longlong
    y: cython.longlong
    shift: cython.longlong
    got: cython.longlong
    start: cython.longlong
    fill: cython.longlong = 0
    given: cython.longlong = 0
    count: cython.int = 0
    seed: cython.Py_ssize_t = seed_entry.shape[0] - 1
    room: cython.longlong = begin.shape[0]
    bounds[0] = 0
    begun: cython.Py_ssize_t = seed_entry[seed] if seed >= 0 else -1
    short: cython.bint = False
    with cython.nogil:
        for i in range(begun, -1, -1):
            start = fill
            got = 0
            top = slot[i]
            while top > 0:
                if fill == room:
                    short = True
                    break
                begin[fill] = given_begin[top - 1]
                end[fill] = given_end[top - 1]
                got += end[fill] - begin[fill]
                fill += 1
                top = given_next[top - 1]
            while seed >= 0 and seed_entry[seed] == i:
                if fill == room:
                    short = True
                    break
                begin[fill] = seed_begin[seed]
                end[fill] = seed_end[seed]
                fill += 1
                seed -= 1
            if short:
                break
            if fill == start:
                continue
            fill = _join(begin, end, start, fill)
            entry[count] = i
            pulled[count] = got
            count += 1
            bounds[count] = fill
            if stop[debit[i]]:
                continue
            a = start
            for k in range(first[i], first[i + 1]):
                p = parent[k]
                low = child_offset[k]
                high = low + part[k]
                shift = parent_offset[k] - low
                while a < fill and end[a] <= low:
                    a += 1
                while a < fill and begin[a] < high:
                    if p >= 0:
                        x = max(begin[a], low) + shift
                        y = min(end[a], high) + shift
                        top = slot[p]
                        if top > 0 and given_begin[top - 1] == y:  # usual: a lot is spent in order, and we walk back
                            given_begin[top - 1] = x
                        else:
                            if given == given_begin.shape[0]:
                                short = True
                                break
                            given_begin[given] = x
                            given_end[given] = y
                            given_next[given] = top
                            given += 1
                            slot[p] = given
                    if end[a] > high:
                        break
                    a += 1
                if short:
                    break
            if short:
                break
    return -1 if short else count
