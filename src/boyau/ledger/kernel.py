# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The kernel: decides batches of rows over arrays. It is the only place where money moves.

Written in Cython's pure Python mode: the same file runs uncompiled, where the arrays are plain ``memoryview`` objects,
and compiled, where they are typed views. It is one unit, longer than other modules, because a call across compiled
modules on every row would cost more than the row itself. What it decides is specified in docs/ledger.md; the order of
the checks below is the order of the results there.
"""

import cython

COMPILED: bool = cython.compiled
if not cython.compiled:
    wide = int

# Columns of the three tables. A row of each is one or a few cache lines.
DEBITS = cython.declare(cython.int, 0)
CREDITS = cython.declare(cython.int, 1)
PENDING = cython.declare(cython.int, 2)
COLOUR = cython.declare(cython.int, 3)
HOLDER = cython.declare(cython.int, 4)
FLAGS = cython.declare(cython.int, 5)
HOP = cython.declare(cython.int, 6)
BACK = cython.declare(cython.int, 7)
ACCOUNT_COLUMNS = 8

LIMIT = cython.declare(cython.int, 0)  # 0 plan, 1 obligations, 2 payments
USED = cython.declare(cython.int, 3)  # 3 plan, 4 obligations, 5 payments
PARENT = cython.declare(cython.int, 6)
COUNTER_COLUMNS = 8

R_PAYEES = cython.declare(cython.int, 0)
R_HOLDERS = cython.declare(cython.int, 1)
R_ENDS = cython.declare(cython.int, 2)
R_FIRST = cython.declare(cython.int, 3)
R_LAST = cython.declare(cython.int, 4)
R_ENTRY = cython.declare(cython.int, 5)
R_HOPS = cython.declare(cython.int, 6)
R_ITEMS = cython.declare(cython.int, 7)  # and 8: where the slice of the pool begins and ends; begin −1: no rule
R_REGIONS = cython.declare(cython.int, 9)
R_ALLOW = cython.declare(cython.int, 11)
R_DENY = cython.declare(cython.int, 13)
R_NEED = cython.declare(cython.int, 15)
R_HAVE = cython.declare(cython.int, 16)
R_UNIT = cython.declare(cython.int, 17)
R_PLAIN = cython.declare(cython.int, 18)
R_ROOT = cython.declare(cython.int, 19)
R_DEPTH = cython.declare(cython.int, 20)
R_MORE = cython.declare(cython.int, 21)
R_CAPS = cython.declare(cython.int, 22)
R_LINES = cython.declare(cython.int, 24)
R_LINES_UP = cython.declare(cython.int, 26)
R_PAYEE = cython.declare(cython.int, 27)
R_PAYEE_UP = cython.declare(cython.int, 28)
R_ACCEPT = cython.declare(cython.int, 29)
R_ADVANCE = cython.declare(cython.int, 30)
R_RETENTION = cython.declare(cython.int, 31)
R_WARRANTY = cython.declare(cython.int, 32)
R_SLICE = cython.declare(cython.int, 33)
R_SLICE_SHARE = cython.declare(cython.int, 34)
R_SLICE_CLASSES = cython.declare(cython.int, 35)
R_APPROVAL = cython.declare(cython.int, 36)
R_DOCUMENTS = cython.declare(cython.int, 37)
R_NEED_COMMIT = cython.declare(cython.int, 38)
R_NEED_ADVANCE = cython.declare(cython.int, 39)
R_NEED_ACCEPT = cython.declare(cython.int, 40)
RULE_COLUMNS = 48

F_ISSUER = cython.declare(cython.int, 1)
F_CLOSED = cython.declare(cython.int, 2)
F_FROZEN = cython.declare(cython.int, 4)

H_ID0 = cython.declare(cython.int, 0)
H_ID1 = cython.declare(cython.int, 1)
H_LEFT = cython.declare(cython.int, 2)
H_DEBIT = cython.declare(cython.int, 3)
H_CREDIT = cython.declare(cython.int, 4)
H_ITEM = cython.declare(cython.int, 5)
H_REGION = cython.declare(cython.int, 6)
H_STATE = cython.declare(cython.int, 7)  # 0 open, 1 voided, 2 expired
H_TOTAL = cython.declare(cython.int, 8)
H_ACCEPTED = cython.declare(cython.int, 9)
H_ADVANCED = cython.declare(cython.int, 10)
H_PAID = cython.declare(cython.int, 11)
H_ADVANCE = cython.declare(cython.int, 12)
H_RETENTION = cython.declare(cython.int, 13)
H_TERMS = cython.declare(cython.int, 14)  # bit 0 acceptance, above it the days of the warranty
H_WARRANTY = cython.declare(cython.int, 15)
HOLD_COLUMNS = 16

ISSUE = cython.declare(cython.int, 1)
ALLOCATE = cython.declare(cython.int, 2)
WITHDRAW = cython.declare(cython.int, 3)
LAPSE = cython.declare(cython.int, 4)
CARRY = cython.declare(cython.int, 5)
COMMIT = cython.declare(cython.int, 6)
PAY = cython.declare(cython.int, 7)
RELEASE = cython.declare(cython.int, 8)
VOID = cython.declare(cython.int, 9)
RETURN = cython.declare(cython.int, 10)
REVERSE = cython.declare(cython.int, 11)
RECEIVE = cython.declare(cython.int, 12)
REFUND = cython.declare(cython.int, 13)
EXPIRE = cython.declare(cython.int, 14)
ACCEPT = cython.declare(cython.int, 15)
ADVANCE = cython.declare(cython.int, 16)
CLAWBACK = cython.declare(cython.int, 17)
COURT = cython.declare(cython.int, 18)

F_LINKED = cython.declare(cython.int, 1)
F_EMERGENCY = cython.declare(cython.int, 2)

# Meters: sums that rules count beside the limits. The key is (tag, a, b).
M_LINE = cython.declare(cython.int, 1)  # colour, first item of the line: quantity
M_PAYEE = cython.declare(cython.int, 2)  # colour, payee: amount
M_CAP = cython.declare(cython.int, 3)  # account, classes of the cap: amount
M_SUBJECT = cython.declare(cython.int, 4)  # subject, 0: amount paid on it
M_DOCUMENT = cython.declare(cython.int, 5)  # first 16 bytes of the document: amount
M_ACCEPTED = cython.declare(cython.int, 6)  # subject, 0: amount accepted on it
METER_COLUMNS = 4
AHEAD_FIRST = cython.declare(cython.longlong, 32)  # rows; nearer still waits, farther is forgotten again
AHEAD_THEN = cython.declare(cython.longlong, 20)
AHEAD_LAST = cython.declare(cython.longlong, 12)
LOG_COLUMNS = 4
SHARE_MASK = cython.declare(cython.longlong, 0xFFFFFFFF)

UNKNOWN = cython.declare(cython.longlong, 0xFFFFFFFF)
TOP = cython.declare(cython.longlong, (1 << 62) - 1)
MASK = cython.declare(cython.ulonglong, 0xFFFFFFFFFFFFFFFF)
BITS = cython.declare(cython.longlong, 1)  # first word of a set in the pool
HASHED = cython.declare(cython.longlong, 2)
HIGH = cython.declare(cython.ulonglong, 0xFFFFFFFF00000000)
LOW = cython.declare(cython.ulonglong, 0xFFFFFFFF)
MIX_A = cython.declare(cython.ulonglong, 0x9E3779B97F4A7C15)
MIX_B = cython.declare(cython.ulonglong, 0xBF58476D1CE4E5B9)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def mix(low: cython.ulonglong, high: cython.ulonglong, seed: cython.ulonglong) -> cython.ulonglong:
    """Spread a 128-bit id over 64 bits (splitmix finaliser, seeded per ledger so that nobody can aim at one slot)."""
    x: cython.ulonglong = (low ^ seed) & MASK
    x = ((x ^ (x >> 30)) * MIX_B) & MASK
    x = (x ^ (x >> 27) ^ high) & MASK
    x = ((x ^ (x >> 31)) * MIX_A) & MASK
    x = x ^ (x >> 29)
    return x if x != 0 else 1


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def inside(
    pool: cython.longlong[::1], begin: cython.longlong, end: cython.longlong, value: cython.longlong
) -> cython.bint:
    """Tell whether *value* lies in one of the sorted, disjoint intervals (low, high) of ``pool[begin:end]``."""
    low: cython.longlong = 0
    high: cython.longlong = (end - begin) // 2
    middle: cython.longlong
    while low < high:
        middle = (low + high) // 2
        if pool[begin + 2 * middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low > 0 and value <= pool[begin + 2 * low - 1]


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def listed(
    pool: cython.longlong[::1], begin: cython.longlong, end: cython.longlong, value: cython.longlong
) -> cython.bint:
    """Tell whether *value* is in the set ``pool[begin:end]``, laid out by ``set_layout``."""
    at: cython.longlong
    last: cython.longlong = end - begin - 2
    if pool[begin] == BITS:
        at = value >> 6
        return at <= last and ((pool[begin + 1 + at] >> (value & 63)) & 1) != 0
    at = spread(value) & last
    while pool[begin + 1 + at] != value:
        if pool[begin + 1 + at] < 0:
            return False
        at = (at + 1) & last
    return True


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def home(key: cython.ulonglong, size: cython.longlong) -> cython.longlong:
    """Return where in a table of *size* places a hash is looked for first: its upper half, scaled."""
    return cython.cast(cython.longlong, ((key >> 32) * cython.cast(cython.ulonglong, size)) >> 32)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def spread(value: cython.longlong) -> cython.longlong:
    """Spread a number over 24 bits, for its place in a set."""
    return cython.cast(cython.longlong, (((value & MASK) * MIX_A) & MASK) >> 40)


def set_layout(values: list) -> list:
    """Lay out a set of numbers from 0 to 2^32 for ``listed``, whichever way is shorter.

    Either a bit for each number, or as many places as a power of two, at least half of them free (−1). A payee on a
    list of thousands is found at the first look, where a sorted list would need a dozen.
    """
    words: int = (max(values) >> 6) + 1 if values else 1
    places: int = 2
    while places < 2 * len(values):
        places *= 2
    if words <= places:
        bits: list = [0] * words
        for value in values:
            bits[value >> 6] |= 1 << (value & 63)
        return [BITS, *(word - (1 << 64) if word >> 63 else word for word in bits)]
    out: list = [-1] * places
    for value in values:
        at: int = spread(value) & (places - 1)
        while out[at] != -1:
            at = (at + 1) & (places - 1)
        out[at] = value
    return [HASHED, *out]


@cython.cfunc
@cython.exceptval(check=False)
def part(a: cython.longlong, b: cython.longlong, c: cython.longlong) -> cython.longlong:
    """Return the floor of a × b ÷ c, at most TOP, for 0 ≤ a, b ≤ TOP and 0 < c: exact also where a × b is too long."""
    if a == 0 or b == 0:
        return 0
    if a <= TOP // b:
        return a * b // c
    whole: cython.longlong = b // c
    rest: cython.longlong = b % c
    quotient: cython.longlong = 0
    remainder: cython.longlong = 0
    k: cython.longlong = 62
    while k >= 0:
        quotient = quotient * 2
        remainder = remainder * 2
        if remainder >= c:
            remainder -= c
            quotient += 1
        if quotient > TOP:
            return TOP
        if ((a >> k) & 1) != 0:
            quotient += whole
            remainder += rest
            if remainder >= c:
                remainder -= c
                quotient += 1
            if quotient > TOP:
                return TOP
        k -= 1
    return quotient


@cython.cclass
class Kernel:
    """Arrays of the state, and the decision over them. The arrays belong to ``Ledger``, which grows and fills them.

    ``history(seq)`` returns row number *seq* of the journal as 16 signed 64-bit words. It is a function of the journal
    alone and is asked only where an id is met again or an original is given back. ``approved(words, colour, amount,
    debit owner, credit owner, power)`` answers whether a command has its approvals: 0, or the refusal 54 or 55; it is
    asked only where a rule demands them (power 0: the tiers; 1 clawback, 2 court, 3 emergency).
    """

    acc = cython.declare(cython.longlong[:, ::1], visibility="public")
    cnt = cython.declare(cython.longlong[:, ::1], visibility="public")
    rule = cython.declare(cython.longlong[:, ::1], visibility="public")
    holder_class = cython.declare(cython.longlong[::1], visibility="public")
    holder_region = cython.declare(cython.longlong[::1], visibility="public")
    pool = cython.declare(cython.longlong[::1], visibility="public")
    subject = cython.declare(cython.longlong[::1], visibility="public")
    hold = cython.declare(cython.longlong[:, ::1], visibility="public")
    id_key = cython.declare(cython.ulonglong[::1], visibility="public")
    id_seq = cython.declare(cython.uint[::1], visibility="public")
    hold_key = cython.declare(cython.ulonglong[::1], visibility="public")
    subject_fact = cython.declare(cython.longlong[:, ::1], visibility="public")  # colour and amount, −1 none
    meter = cython.declare(cython.longlong[:, ::1], visibility="public")  # in the order of their first turn
    meter_index = cython.declare(cython.ulonglong[::1], visibility="public")  # upper half of the hash, number + 1
    log = cython.declare(cython.longlong[:, ::1], visibility="public")  # what was overwritten, to take a row back
    mark = cython.declare(cython.longlong[::1], visibility="public")  # per row: where its part of the log begins
    hold_val = cython.declare(cython.uint[::1], visibility="public")
    aux = cython.declare(cython.longlong[::1], visibility="public")  # per row: hold, original, or entry met again
    was = cython.declare(cython.longlong[::1], visibility="public")  # per row: its accounts as they were given
    accounts = cython.declare(cython.longlong, visibility="public")
    subjects = cython.declare(cython.longlong, visibility="public")
    holds = cython.declare(cython.longlong, visibility="public")
    ids = cython.declare(cython.longlong, visibility="public")
    seed = cython.declare(cython.ulonglong, visibility="public")
    history = cython.declare(object, visibility="public")
    approved = cython.declare(object, visibility="public")
    meters = cython.declare(cython.longlong, visibility="public")
    returned = cython.declare(dict, visibility="public")
    carry_from = cython.declare(set, visibility="public")
    q = cython.declare(cython.longlong[:, ::1])
    w = cython.declare(cython.uint[:, ::1])
    h = cython.declare(cython.ushort[:, ::1])
    base = cython.declare(cython.longlong)
    today = cython.declare(cython.longlong)
    time = cython.declare(cython.longlong)
    detail = cython.declare(cython.int)
    found = cython.declare(cython.longlong)
    hold_now = cython.declare(cython.longlong)
    count = cython.declare(cython.longlong)
    logged = cython.declare(cython.longlong)
    sliced = cython.declare(cython.longlong)
    line_hint = cython.declare(cython.longlong[::1], visibility="public")  # per place in the pool: its line's meter + 1
    subject_hint = cython.declare(cython.longlong[:, ::1], visibility="public")  # per subject: paid, accepted
    cap_hint = cython.declare(cython.longlong[::1], visibility="public")  # per account
    memo = cython.declare(cython.longlong[:, ::1], visibility="public")  # per tag: a, b, number or −1, slot, row
    row_now = cython.declare(cython.longlong)
    ahead_word = cython.declare(cython.ulonglong[32])  # per row ahead: the hash of its payee's meter, upper half
    vacant = cython.declare(cython.ulonglong)
    vacant_word = cython.declare(cython.ulonglong)

    def __init__(self) -> None:
        self.accounts = 0
        self.subjects = 0
        self.holds = 0
        self.ids = 0
        self.seed = 0
        self.meters = 0
        self.logged = 0
        self.returned = {}
        self.carry_from = set()

    # ---- a batch ----------------------------------------------------------------------------------------------------

    def decide(
        self,
        q: cython.longlong[:, ::1],
        w: cython.uint[:, ::1],
        h: cython.ushort[:, ::1],
        count: cython.longlong,
        expired: cython.longlong,
        base: cython.longlong,
        time: cython.longlong,
        today: cython.longlong,
        keep: cython.bint,
    ) -> cython.longlong:
        """Decide *count* rows (three views of the same bytes), the first *expired* of which the ledger made itself.

        Writes ``settled``, ``result`` and ``detail`` into the rows and returns how many were posted. With *keep* false
        every effect is taken back before returning: a dry run.
        """
        self.q = q
        self.w = w
        self.h = h
        self.base = base
        self.time = time
        self.today = today
        self.count = count
        self.logged = 0
        self.sliced = -1
        i: cython.longlong
        chain: cython.longlong = -1  # first row of the open chain
        broken: cython.bint = False
        linked: cython.bint
        answer: cython.int
        posted: cython.longlong = 0
        for i in range(count):
            if cython.compiled:
                self._ahead(i)
            self.detail = 0
            self.row_now = base + i
            self.hold_now = -1
            self.found = -1
            q[i, 14] = 0
            self.was[i] = q[i, 8]
            self.mark[i] = self.logged
            linked = (h[i, 43] & 1) != 0
            if linked and chain < 0:
                chain = i
                broken = False
            if i < expired:
                answer = self._expire(i)
            else:
                answer = self._known(i)
                if answer < 0:
                    if chain >= 0 and linked and i == count - 1:
                        answer = 4  # chain_open
                    elif chain >= 0 and broken:
                        answer = 5  # chain_broken
                    else:
                        answer = self._row(i)
            h[i, 60] = cython.cast(cython.ushort, answer)
            h[i, 61] = cython.cast(cython.ushort, self.detail)
            self.aux[i] = self.hold_now if answer == 0 else self.found
            if answer == 0 and i >= expired:
                self._remember(i)
            if chain >= 0:
                # A chain that the batch leaves open is broken even where its last row was posted long ago (exists).
                if not broken and (answer > 1 or (linked and i == count - 1)):
                    broken = True
                    self._break(chain, i)
                    if answer == 1 and self.found >= base + chain:
                        h[i, 60] = 4
                if not linked:
                    chain = -1
        for i in range(count):
            if h[i, 60] == 0:
                posted += 1
        if not keep:
            i = count - 1
            while i >= 0:
                if h[i, 60] == 0:
                    self._undo(i)
                i -= 1
        return posted

    @cython.cfunc
    @cython.exceptval(check=False)
    def _ahead(self, i: cython.longlong) -> cython.void:
        """Ask for the memory that rows behind row *i* will need, in the order in which one address gives the next.

        A new id and a new document each stand where nothing was read for a long time: waiting for them one after the
        other would cost more than all the rules. It changes nothing, and runs only where it is compiled.
        """
        if cython.compiled:
            j: cython.longlong = i + AHEAD_FIRST
            lane: cython.longlong
            account: cython.longlong
            at: cython.longlong
            if j < self.count:
                at = home(mix(self.q[j, 0] & MASK, self.q[j, 1] & MASK, self.seed), self.id_key.shape[0])
                prefetch(cython.address(self.id_key[at]))
                prefetch(cython.address(self.id_seq[at]))
                account = self.w[j, 16]
                if account < self.accounts:
                    prefetch(cython.address(self.acc[account, 0]))
                account = self.w[j, 17]
                if account < self.accounts:
                    prefetch(cython.address(self.acc[account, 0]))
                if self.meters != 0:
                    at = home(self._meter_hash(M_DOCUMENT, self.q[j, 11], self.q[j, 12]), self.meter_index.shape[0])
                    prefetch(cython.address(self.meter_index[at]))
            if self.meters == 0:
                return
            j = i + AHEAD_THEN
            if j < self.count:
                lane = j % AHEAD_FIRST
                self.ahead_word[lane] = 0
                if self.w[j, 16] < self.accounts and self.w[j, 17] < self.accounts:
                    prefetch(cython.address(self.cap_hint[self.w[j, 16]]))
                    at = self.rule[self.acc[self.w[j, 16], COLOUR], R_PAYEE_UP]
                    if at >= 0:
                        self.ahead_word[lane] = self._meter_hash(M_PAYEE, at, self.acc[self.w[j, 17], HOLDER]) & HIGH
                        at = home(self.ahead_word[lane], self.meter_index.shape[0])
                        prefetch(cython.address(self.meter_index[at]))
            j = i + AHEAD_LAST
            if j < self.count and j >= AHEAD_THEN:
                self._meter_ahead(self.ahead_word[j % AHEAD_FIRST])
                if self.w[j, 16] < self.accounts:
                    at = self.cap_hint[self.w[j, 16]] - 1
                    if at >= 0 and at < self.meters:
                        prefetch(cython.address(self.meter[at, 0]))

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _meter_ahead(self, word: cython.ulonglong) -> cython.void:
        """Ask for the meter that the index has under the upper half of a hash (0: none is asked for)."""
        if cython.compiled:
            at: cython.longlong
            size: cython.longlong = self.meter_index.shape[0]
            if word != 0:
                at = home(word, size)
                while self.meter_index[at] != 0:
                    if (self.meter_index[at] & HIGH) == word:
                        prefetch(
                            cython.address(self.meter[cython.cast(cython.longlong, self.meter_index[at] & LOW) - 1, 0])
                        )
                        return
                    at += 1
                    if at == size:
                        at = 0

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _meter_hash(self, tag: cython.longlong, a: cython.longlong, b: cython.longlong) -> cython.ulonglong:
        return mix(a & MASK, (b ^ (tag << 56)) & MASK, self.seed)

    def insert_all(
        self,
        keys: cython.ulonglong[::1],
        values: cython.uint[::1],
        new_keys: cython.ulonglong[::1],
        new_values: cython.uint[::1],
    ) -> None:
        """Fill an empty hash table with entries that are all different (0: none): after growth, or from a snapshot.

        Out of a table as it stood before, the entries come in the order of their new places: both are walked once.
        """
        size: cython.ulonglong = cython.cast(cython.ulonglong, keys.shape[0])
        slot: cython.ulonglong
        i: cython.longlong
        for i in range(new_keys.shape[0]):
            if new_keys[i] != 0:
                slot = ((new_keys[i] >> 32) * size) >> 32
                while keys[slot] != 0:
                    slot += 1
                    if slot == size:
                        slot = 0
                keys[slot] = new_keys[i]
                values[slot] = new_values[i]

    def index_holds(self) -> None:
        """Fill the empty index of holds from the holds themselves: after a snapshot was read."""
        n: cython.longlong
        for n in range(self.holds):
            self._put(
                self.hold_key, self.hold_val, mix(self.hold[n, H_ID0] & MASK, self.hold[n, H_ID1] & MASK, self.seed), n
            )

    def entry_of(self, low: cython.longlong, high: cython.longlong) -> cython.longlong:
        """Return the entry posted under an id (as two signed 64-bit words), or −1. Not for use inside a batch."""
        self.base = 9223372036854775807
        return self._find(low, high)

    def hold_of(self, low: cython.longlong, high: cython.longlong) -> cython.longlong:
        """Return the number of the hold with this id, or −1."""
        return self._find_hold(low, high)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _break(self, chain: cython.longlong, end: cython.longlong) -> cython.void:
        """Take back the rows of a chain before row *end*: newest first."""
        j: cython.longlong = end - 1
        while j >= chain:
            if self.h[j, 60] == 0:
                self._undo(j)
                self.q[j, 14] = 0
                self.h[j, 60] = 5
            elif self.h[j, 60] == 1 and self.aux[j] >= self.base + chain:
                self.h[j, 60] = 5  # it repeated a row of this same chain, which is no longer there
            j -= 1

    # ---- ids --------------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _find(self, low: cython.longlong, high: cython.longlong) -> cython.longlong:
        """Return the entry number posted under this id, or −1. Equal hashes are settled by the full id."""
        key: cython.ulonglong = mix(low & MASK, high & MASK, self.seed)
        size: cython.ulonglong = cython.cast(cython.ulonglong, self.id_key.shape[0])
        slot: cython.ulonglong = ((key >> 32) * size) >> 32
        seq: cython.longlong
        old: object
        while self.id_key[slot] != 0:
            if self.id_key[slot] == key:
                seq = self.id_seq[slot]
                old = self._entry(seq)
                if old[0] == low and old[1] == high:
                    return seq
            slot += 1
            if slot == size:
                slot = 0
        return -1

    @cython.cfunc
    def _entry(self, seq: cython.longlong) -> object:
        """Return the 64-bit words of an earlier row, from this batch or from the journal."""
        if seq >= self.base:
            return [self.q[seq - self.base, k] for k in range(16)]
        return self.history(seq)

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _put(
        self, keys: cython.ulonglong[::1], values: cython.uint[::1], key: cython.ulonglong, value: cython.longlong
    ) -> cython.void:
        size: cython.ulonglong = cython.cast(cython.ulonglong, keys.shape[0])
        slot: cython.ulonglong = ((key >> 32) * size) >> 32
        while keys[slot] != 0:
            slot += 1
            if slot == size:
                slot = 0
        keys[slot] = key
        values[slot] = cython.cast(cython.uint, value)

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _drop(
        self, keys: cython.ulonglong[::1], values: cython.uint[::1], key: cython.ulonglong, value: cython.longlong
    ) -> cython.void:
        """Take back the newest entry: entries leave in the reverse order of their coming, so no gap can open."""
        size: cython.ulonglong = cython.cast(cython.ulonglong, keys.shape[0])
        slot: cython.ulonglong = ((key >> 32) * size) >> 32
        while keys[slot] != key or values[slot] != value:
            slot += 1
            if slot == size:
                slot = 0
        keys[slot] = 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _remember(self, i: cython.longlong) -> cython.void:
        self._put(self.id_key, self.id_seq, mix(self.q[i, 0] & MASK, self.q[i, 1] & MASK, self.seed), self.base + i)
        self.ids += 1

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _known(self, i: cython.longlong) -> cython.int:
        """Answer a row by its id alone: exists, id_missing, id_conflict, or −1 where the id is new."""
        if self.q[i, 0] == 0 and self.q[i, 1] == 0:
            return 2
        seq: cython.longlong = self._find(self.q[i, 0], self.q[i, 1])
        if seq < 0:
            return -1
        self.found = seq
        field: cython.int = self._differs(i, seq)
        if field < 0:
            return 1
        self.detail = field
        return 3

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _differs(self, i: cython.longlong, seq: cython.longlong) -> cython.int:
        """Return the number of the first field in which row *i* differs from entry *seq*, or −1."""
        old: object = self._entry(seq)
        if self.q[i, 2] != old[2] or self.q[i, 3] != old[3]:
            return 1
        field: cython.int
        for field in range(2, 6):  # amount, item, expires, quantity
            if self.q[i, field + 2] != old[field + 2]:
                return field
        kind: cython.longlong = (cython.cast(cython.longlong, old[10]) >> 32) & 0xFFFF
        on_hold: cython.bint = self.q[i, 2] != 0 or self.q[i, 3] != 0
        if kind != PAY and kind != RELEASE and kind != VOID and kind != ACCEPT and kind != ADVANCE:
            on_hold = False
        debit: cython.longlong = old[8] & UNKNOWN
        credit: cython.longlong = (old[8] >> 32) & UNKNOWN
        # An account left open on a hold was filled in by the ledger when the row was posted.
        if self.w[i, 16] != debit and not (on_hold and self.w[i, 16] == UNKNOWN):
            return 6
        if self.w[i, 17] != credit and not (on_hold and self.w[i, 17] == UNKNOWN):
            return 7
        if self.w[i, 18] != (old[9] & UNKNOWN):
            return 8
        if self.w[i, 19] != ((old[9] >> 32) & UNKNOWN):
            return 9
        if self.w[i, 20] != (old[10] & UNKNOWN):
            return 10
        if self.h[i, 42] != ((old[10] >> 32) & 0xFFFF):
            return 11
        if self.h[i, 43] != ((old[10] >> 48) & 0xFFFF):
            return 12
        if self.q[i, 11] != old[11] or self.q[i, 12] != old[12] or self.q[i, 13] != old[13]:
            return 13
        return -1

    # ---- a row ------------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _row(self, i: cython.longlong) -> cython.int:
        kind: cython.int = self.h[i, 42]
        amount: cython.longlong = self.q[i, 4]
        flags: cython.int = self.h[i, 43]
        if kind < 1 or kind > COURT or kind == EXPIRE or (flags & 0xFFFC) != 0 or self.w[i, 31] != 0:
            return 6
        if (flags & F_EMERGENCY) != 0 and kind != COMMIT and kind != PAY and kind != ADVANCE and kind != ACCEPT:
            return 6
        if amount < 0:  # as an unsigned number it is above 2^63: refused as what it is
            return 7
        if (amount != 0) if kind == VOID else (amount < 1):
            return 7
        if amount > TOP:
            return 8
        on_hold: cython.bint = kind == RELEASE or kind == VOID or kind == ACCEPT or kind == ADVANCE
        if kind == PAY and (self.q[i, 2] != 0 or self.q[i, 3] != 0):
            on_hold = True
        if kind == RETURN or kind == REVERSE or kind == CLAWBACK:
            return self._give_back(i, kind, amount)
        if on_hold:
            return self._on_hold(i, kind, amount)
        debit: cython.longlong = self.w[i, 16]
        credit: cython.longlong = self.w[i, 17]
        answer: cython.int = self._accounts(i, debit, credit, kind == COURT)
        if answer != 0:
            return answer
        if kind == COMMIT and self.q[i, 6] != 0 and self.q[i, 6] <= self.time:
            return 25
        answer = self._stage(kind, debit, credit)
        if answer != 0:
            return answer
        if kind == COMMIT or kind == PAY:
            answer = self._payment(i, kind, debit, credit, amount, self.q[i, 5], self.w[i, 18], -1)
            if answer != 0:
                return answer
        elif kind == COURT:
            answer = self._court(i, debit, credit, amount)
            if answer != 0:
                return answer
        elif kind == ISSUE or kind == ALLOCATE or kind == CARRY:
            answer = self._window(self.acc[credit, COLOUR], i)
            if answer != 0:
                return answer
            if (self.holder_class[self.acc[credit, HOLDER]] & self.rule[self.acc[credit, COLOUR], R_HOLDERS]) == 0:
                return 33
            stop: cython.longlong = self.acc[debit, COLOUR] if kind == ALLOCATE else -1
            if not self._within(self.acc[credit, COLOUR], stop, 0, amount):
                return 56
        if (self.acc[debit, FLAGS] & F_ISSUER) == 0 and self.acc[debit, CREDITS] - self.acc[debit, DEBITS] - self.acc[
            debit, PENDING
        ] < amount:
            return 59
        if kind == COMMIT:
            self._open_hold(i, debit, credit, amount)
        else:
            if self.acc[debit, DEBITS] + amount > TOP or self.acc[credit, CREDITS] + amount > TOP:
                return 60
            if kind == WITHDRAW or kind == LAPSE or kind == CARRY:
                if not self._above_floor(
                    self.acc[debit, COLOUR], self.acc[credit, COLOUR] if kind == WITHDRAW else -1, amount
                ):
                    return 60
            self.acc[debit, DEBITS] += amount
            self.acc[credit, CREDITS] += amount
            if kind == PAY and (flags & F_EMERGENCY) == 0:
                self._tally(
                    kind,
                    debit,
                    credit,
                    amount,
                    self.q[i, 5],
                    self.q[i, 7],
                    self.w[i, 20],
                    self.q[i, 11],
                    self.q[i, 12],
                    -1,
                    1,
                )
        self._count(kind, debit, credit, amount, False)
        self.q[i, 14] = amount
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _accounts(
        self, i: cython.longlong, debit: cython.longlong, credit: cython.longlong, seized: cython.bint
    ) -> cython.int:
        """Check what any two accounts must satisfy (results 17 to 24); *seized*: a frozen one pays too."""
        if debit >= self.accounts:
            return 17
        if credit >= self.accounts:
            return 18
        if debit == credit:
            return 19
        if self.w[i, 20] > self.subjects:
            return 20
        if (self.acc[debit, FLAGS] & (F_CLOSED if seized else (F_CLOSED | F_FROZEN))) != 0:
            return 21
        if (self.acc[credit, FLAGS] & F_CLOSED) != 0:
            return 22
        if self.rule[self.acc[debit, COLOUR], R_UNIT] != self.rule[self.acc[credit, COLOUR], R_UNIT]:
            return 23
        if self._date(i) > self.today:
            return 24
        return 0

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _date(self, i: cython.longlong) -> cython.longlong:
        date: cython.longlong = self.w[i, 19]
        return date - 4294967296 if date >= 2147483648 else date

    @cython.cfunc
    @cython.exceptval(check=False)
    def _stage(self, kind: cython.int, debit: cython.longlong, credit: cython.longlong) -> cython.int:
        """Check that *kind* may join these accounts (26) and their colours (27)."""
        from_issuer: cython.bint = (self.acc[debit, FLAGS] & F_ISSUER) != 0
        to_issuer: cython.bint = (self.acc[credit, FLAGS] & F_ISSUER) != 0
        source: cython.longlong = self.acc[debit, COLOUR]
        target: cython.longlong = self.acc[credit, COLOUR]
        from_plain: cython.bint = self.rule[source, R_PLAIN] != 0
        to_plain: cython.bint = self.rule[target, R_PLAIN] != 0
        if kind == COMMIT or kind == PAY:
            if from_issuer or to_issuer:
                return 26
            if from_plain:
                return 0 if to_plain else 27
            if to_plain:
                return 0
            if self.acc[credit, HOP] != self.acc[debit, HOP] + 1:
                return 26
            return 0 if self._below(target, source) else 27
        if kind == RECEIVE:
            if not from_issuer or to_issuer or self.acc[credit, HOP] != 0:
                return 26
            return 0 if self._below(source, target) else 27
        if kind == REFUND:
            if from_issuer or not to_issuer or self.acc[debit, HOP] != 0:
                return 26
            return 0 if self._below(target, source) else 27
        if kind == COURT:
            return 0 if not from_plain and to_plain and not from_issuer and not to_issuer else 26
        if from_plain or to_plain:
            return 26
        if kind == ISSUE:
            if not from_issuer or to_issuer or self.acc[credit, HOP] != 0:
                return 26
            return 0 if self._below(target, source) else 27
        if kind == LAPSE:
            if from_issuer or not to_issuer or self.acc[debit, HOP] != 0:
                return 26
            return 0 if self._below(source, target) else 27
        if from_issuer or to_issuer or self.acc[debit, HOP] != 0 or self.acc[credit, HOP] != 0:
            return 26
        if kind == ALLOCATE:
            return 0 if source != target and self._below(target, source) else 27
        if kind == WITHDRAW:
            return 0 if source != target and self._below(source, target) else 27
        if self.rule[source, R_ROOT] == self.rule[target, R_ROOT] or (target << 32 | source) not in self.carry_from:
            return 27
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _below(self, colour: cython.longlong, ancestor: cython.longlong) -> cython.bint:
        """Tell whether *colour* is *ancestor* or descends from it."""
        if self.rule[colour, R_ROOT] != self.rule[ancestor, R_ROOT]:
            return False
        steps: cython.longlong = self.rule[colour, R_DEPTH] - self.rule[ancestor, R_DEPTH]
        while steps > 0:
            colour = self.cnt[colour, PARENT]
            steps -= 1
        return colour == ancestor

    @cython.cfunc
    @cython.exceptval(check=False)
    def _window(self, colour: cython.longlong, i: cython.longlong) -> cython.int:
        date: cython.longlong = self._date(i)
        if (
            date < self.rule[colour, R_FIRST]
            or date > self.rule[colour, R_LAST]
            or self.today > self.rule[colour, R_ENTRY]
        ):
            return 28
        return 0

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _payment(
        self,
        i: cython.longlong,
        kind: cython.int,
        debit: cython.longlong,
        credit: cython.longlong,
        amount: cython.longlong,
        item: cython.longlong,
        region: cython.longlong,
        number: cython.longlong,
    ) -> cython.int:
        """Check the colour's rules and limits on commit, pay and advance (28 to 58); *number*: the hold, or −1."""
        colour: cython.longlong = self.acc[debit, COLOUR]
        target: cython.longlong = self.acc[credit, COLOUR]
        emergency: cython.bint = (self.h[i, 43] & F_EMERGENCY) != 0
        if self.rule[colour, R_PLAIN] != 0:
            return 54 if emergency else 45 if kind == ADVANCE else 0
        payee: cython.longlong = self.acc[credit, HOLDER]
        answer: cython.int
        classes: cython.longlong = self.holder_class[payee]
        if not emergency:
            answer = self._window(colour, i)
            if answer != 0:
                return answer
            if (classes & self.rule[colour, R_PAYEES]) == 0:
                return 29
            if self.rule[colour, R_ALLOW] >= 0 and not listed(
                self.pool, self.rule[colour, R_ALLOW], self.rule[colour, R_ALLOW + 1], payee
            ):
                return 30
            if self.rule[colour, R_DENY] >= 0 and listed(
                self.pool, self.rule[colour, R_DENY], self.rule[colour, R_DENY + 1], payee
            ):
                return 31
        if self.rule[target, R_PLAIN] != 0:
            if (classes & self.rule[colour, R_ENDS]) == 0:
                return 32
        else:
            if (classes & self.rule[target, R_HOLDERS]) == 0:
                return 33
            if self.acc[credit, HOP] > self.rule[target, R_HOPS]:
                return 34
        if not emergency:
            answer = self._goods(i, kind, colour, credit, item, region, number)
            if answer != 0:
                return answer
        if self.rule[target, R_PLAIN] != 0 and self.rule[colour, R_CAPS] >= 0:
            if not self._capped(debit, colour, classes, amount):
                return 39
        if not emergency:
            if (self.rule[colour, R_MORE] | self.rule[target, R_MORE]) != 0 or number >= 0:
                answer = self._terms(i, kind, debit, credit, amount, item, number)
                if answer != 0:
                    return answer
            if self.w[i, 20] != 0 and kind != COMMIT:
                answer = self._subject(i, colour, target, amount, M_SUBJECT)
                if answer != 0:
                    return answer
            if self.rule[colour, R_PAYEE_UP] >= 0 and not self._payee_within(colour, payee, amount):
                return 52
        if self.rule[colour, R_SLICE] != -1 and kind != COMMIT and (classes & self.rule[colour, R_SLICE_CLASSES]) != 0:
            if not self._with_slice(i, debit, credit, amount, colour):
                return 53
        if emergency or amount > self.rule[colour, R_APPROVAL]:
            answer = self._ask(i, colour, amount, debit, credit, 3 if emergency else 0)
            if answer != 0:
                return answer
        if self.rule[target, R_PLAIN] == 0 and target != colour and not self._within(target, colour, 0, amount):
            return 56
        if self.acc[debit, HOP] == 0:
            if number < 0 and kind != COMMIT:
                return self._within_both(colour, amount)
            if number < 0 and not self._within(colour, -1, 1, amount):
                return 57
            if kind != COMMIT and not self._within(colour, -1, 2, amount):
                return 58
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _goods(
        self,
        i: cython.longlong,
        kind: cython.int,
        colour: cython.longlong,
        credit: cython.longlong,
        item: cython.longlong,
        region: cython.longlong,
        number: cython.longlong,
    ) -> cython.int:
        """Check item, region and evidence (35 to 38)."""
        payee: cython.longlong = self.acc[credit, HOLDER]
        if self.rule[colour, R_ITEMS] >= 0:
            if item == 0:
                return 35
            if not inside(self.pool, self.rule[colour, R_ITEMS], self.rule[colour, R_ITEMS + 1], item):
                return 36
        if self.rule[colour, R_REGIONS] >= 0:
            if region == 0:
                region = self.holder_region[payee]
            if not inside(self.pool, self.rule[colour, R_REGIONS], self.rule[colour, R_REGIONS + 1], region):
                return 37
        missing: cython.longlong
        k: cython.longlong
        if kind == PAY:
            missing = self.rule[colour, R_NEED]
            if number >= 0 and (self.hold[number, H_TERMS] & 1) != 0:
                missing = 0  # it was asked of the act
        elif kind == COMMIT:
            missing = self.rule[colour, R_NEED_COMMIT]
        elif kind == ADVANCE:
            missing = self.rule[colour, R_NEED_ADVANCE]
        else:
            missing = self.rule[colour, R_NEED_ACCEPT]
        if self.rule[colour, R_CAPS] >= 0 and (kind == PAY or kind == ADVANCE):
            if self.rule[self.acc[credit, COLOUR], R_PLAIN] != 0:
                k = self.rule[colour, R_CAPS]
                while k < self.rule[colour, R_CAPS + 1]:
                    if (self.holder_class[payee] & self.pool[k]) != 0:
                        missing |= self.pool[k + 1]
                    k += 3
        missing &= ~self.rule[colour, R_HAVE] & ~self.subject[self.w[i, 20]]
        if missing != 0:
            while (missing & 1) == 0:
                missing >>= 1
                self.detail += 1
            return 38
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _capped(
        self, debit: cython.longlong, colour: cython.longlong, classes: cython.longlong, amount: cython.longlong
    ) -> cython.bint:
        """Tell whether every cap on ending the colour at *classes* leaves room for *amount*."""
        received: cython.longlong = self.acc[debit, CREDITS] - self.acc[debit, BACK]
        share: cython.longlong
        used: wide
        k: cython.longlong = self.rule[colour, R_CAPS]
        while k < self.rule[colour, R_CAPS + 1]:
            if (classes & self.pool[k]) != 0:
                share = self.pool[k + 2]
                used = cython.cast(wide, self._shown(debit, M_CAP, debit, self.pool[k])) + amount
                if used * (share & SHARE_MASK) > cython.cast(wide, received) * (share >> 32):
                    return False  # as used > floor(received × share), without dividing
            k += 3
        return True

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _governing(self, debit: cython.longlong, credit: cython.longlong) -> cython.longlong:
        """Return the colour whose contract a payment is made on, or −1 (docs/ledger.md, "Contracts")."""
        colour: cython.longlong = self.acc[debit, COLOUR]
        target: cython.longlong = self.acc[credit, COLOUR]
        if self.rule[target, R_PLAIN] == 0 and target != colour:
            return target
        return colour if self.acc[debit, HOP] == 0 and self.rule[colour, R_PLAIN] == 0 else -1

    @cython.cfunc
    @cython.exceptval(check=False)
    def _terms(
        self,
        i: cython.longlong,
        kind: cython.int,
        debit: cython.longlong,
        credit: cython.longlong,
        amount: cython.longlong,
        item: cython.longlong,
        number: cython.longlong,
    ) -> cython.int:
        """Check the terms of the contract and the document (40 to 49)."""
        governing: cython.longlong = self._governing(debit, credit)
        accepts: cython.bint = number >= 0 and (self.hold[number, H_TERMS] & 1) != 0
        answer: cython.int
        free: cython.longlong
        share: cython.longlong
        if kind == PAY and number < 0 and governing >= 0 and self.rule[governing, R_ACCEPT] != 0:
            return 40
        if kind == PAY and not accepts and governing >= 0:
            answer = self._lines(i, governing, item, amount)
            if answer != 0:
                return answer
        if kind == ADVANCE:
            share = self.hold[number, H_ADVANCE]
            if share == 0:
                return 45
            if self.hold[number, H_ADVANCED] + amount > part(
                self.hold[number, H_TOTAL], share >> 32, share & SHARE_MASK
            ):
                return 45
        elif kind == PAY and accepts:
            free = self.hold[number, H_ACCEPTED] - self._recovered(number) - self.hold[number, H_PAID]
            if amount > free:
                return 46
            if amount > free - self._retained(number):
                return 47
        if kind != COMMIT and self.rule[self.acc[debit, COLOUR], R_DOCUMENTS] != 0:
            if self.q[i, 11] == 0 and self.q[i, 12] == 0 and self.q[i, 13] == 0:
                return 48
            if (
                self.sliced == i
                and self.q[i, 11] == self.q[i - 1, 11]
                and self.q[i, 12] == self.q[i - 1, 12]
                and self.q[i, 13] == self.q[i - 1, 13]
            ):
                return 0
            if self._metered(M_DOCUMENT, self.q[i, 11], self.q[i, 12]) != 0:
                return 49
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _recovered(self, number: cython.longlong) -> cython.longlong:
        """Return how much of a contract's advance its acts have recovered: exact in the sum, whatever the parts."""
        advanced: cython.longlong = self.hold[number, H_ADVANCED]
        if self.hold[number, H_TOTAL] <= 0 or self.hold[number, H_ACCEPTED] >= self.hold[number, H_TOTAL]:
            return advanced if self.hold[number, H_ACCEPTED] > 0 else 0
        return part(self.hold[number, H_ACCEPTED], advanced, self.hold[number, H_TOTAL])

    @cython.cfunc
    @cython.exceptval(check=False)
    def _retained(self, number: cython.longlong) -> cython.longlong:
        """Return what of a contract's accepted amount is kept until its warranty ends, rounded up."""
        share: cython.longlong = self.hold[number, H_RETENTION]
        if share == 0 or self.today > self.hold[number, H_WARRANTY]:
            return 0
        accepted: cython.longlong = self.hold[number, H_ACCEPTED]
        rest: cython.longlong = (share & SHARE_MASK) - (share >> 32)
        return accepted - part(accepted, rest, share & SHARE_MASK)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _lines(
        self, i: cython.longlong, governing: cython.longlong, item: cython.longlong, amount: cython.longlong
    ) -> cython.int:
        """Check the lines of a contract and of those it stands under (41 to 44)."""
        quantity: cython.longlong = self.q[i, 7]
        colour: cython.longlong = self.rule[governing, R_LINES_UP]
        line: cython.longlong
        answer: cython.int
        first: cython.int = 0
        while colour >= 0:
            line = self._line(colour, item)
            answer = 0
            if line < 0:
                answer = 41
            elif (self.pool[line + 2] >= 0 or self.pool[line + 3] >= 0) and quantity < 1:
                answer = 42
            elif self.pool[line + 3] >= 0 and (
                cython.cast(wide, amount) * 1000 > cython.cast(wide, quantity) * self.pool[line + 3]
            ):
                answer = 43
            elif self.pool[line + 2] >= 0 and quantity > self.pool[line + 2] - self._shown(
                line, M_LINE, colour, self.pool[line]
            ):
                answer = 44
            if answer != 0 and (first == 0 or answer < first):
                first = answer
                self.detail = cython.cast(cython.int, self.rule[governing, R_DEPTH] - self.rule[colour, R_DEPTH])
            colour = self.cnt[colour, PARENT]
            if colour >= 0:
                colour = self.rule[colour, R_LINES_UP]
        return first

    @cython.cfunc
    @cython.exceptval(check=False)
    def _line(self, colour: cython.longlong, item: cython.longlong) -> cython.longlong:
        """Return where in the pool the colour's line for *item* stands, or −1."""
        begin: cython.longlong = self.rule[colour, R_LINES]
        low: cython.longlong = 0
        high: cython.longlong = (self.rule[colour, R_LINES + 1] - begin) // 4
        middle: cython.longlong
        while low < high:
            middle = (low + high) // 2
            if self.pool[begin + 4 * middle] <= item:
                low = middle + 1
            else:
                high = middle
        if low == 0 or item > self.pool[begin + 4 * low - 3]:
            return -1
        return begin + 4 * low - 4

    @cython.cfunc
    @cython.exceptval(check=False)
    def _subject(
        self,
        i: cython.longlong,
        colour: cython.longlong,
        target: cython.longlong,
        amount: cython.longlong,
        tag: cython.int,
    ) -> cython.int:
        """Check that the subject belongs here and is worth so much (50, 51)."""
        subject: cython.longlong = self.w[i, 20]
        home: cython.longlong = self.subject_fact[subject, 0]
        worth: cython.longlong = self.subject_fact[subject, 1]
        if home >= 0 and not self._below(colour, home) and not self._below(target, home):
            return 50
        if worth >= 0 and amount > worth - self._shown(subject, tag, subject, 0):
            return 51
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _payee_within(self, colour: cython.longlong, payee: cython.longlong, amount: cython.longlong) -> cython.bint:
        """Check the limits per payee at *colour* and above."""
        at: cython.longlong = self.rule[colour, R_PAYEE_UP]
        while at >= 0:
            if amount > self.rule[at, R_PAYEE] - self._metered(M_PAYEE, at, payee):
                self.detail = cython.cast(cython.int, self.rule[colour, R_DEPTH] - self.rule[at, R_DEPTH])
                return False
            at = self.cnt[at, PARENT]
            if at >= 0:
                at = self.rule[at, R_PAYEE_UP]
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def _with_slice(
        self,
        i: cython.longlong,
        debit: cython.longlong,
        credit: cython.longlong,
        amount: cython.longlong,
        colour: cython.longlong,
    ) -> cython.bint:
        """Tell whether the next row, linked with this one, pays the slice that must come with it."""
        j: cython.longlong = i + 1
        if (self.h[i, 43] & F_LINKED) == 0 or j >= self.count or self.rule[colour, R_SLICE] < 0:
            return False
        if self.h[j, 42] != PAY and self.h[j, 42] != ADVANCE:
            return False
        payer: cython.longlong = self.w[j, 16]
        payee: cython.longlong = self.w[j, 17]
        if payer >= self.accounts or payee >= self.accounts:
            return False
        if self.acc[payer, HOLDER] != self.acc[debit, HOLDER] or self.acc[payee, HOLDER] != self.acc[credit, HOLDER]:
            return False
        if not self._below(self.acc[payee, COLOUR], self.rule[colour, R_SLICE]):
            return False
        sliced: cython.longlong = self.q[j, 4]
        if sliced < 1 or sliced > TOP - amount:
            return False
        whole: cython.longlong = sliced + amount
        n: cython.longlong = self.rule[colour, R_SLICE_SHARE] >> 32
        d: cython.longlong = self.rule[colour, R_SLICE_SHARE] & SHARE_MASK
        if sliced != part(whole, n, d) and sliced != whole - part(whole, d - n, d):
            return False
        self.sliced = j
        return True

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _ask(
        self,
        i: cython.longlong,
        colour: cython.longlong,
        amount: cython.longlong,
        debit: cython.longlong,
        credit: cython.longlong,
        power: cython.int,
    ) -> cython.int:
        """Ask for the approvals of this command: 0, power_missing or approval_missing."""
        words: object = [self.q[i, k] for k in range(14)]
        # What is approved is what the journal keeps: with the accounts that the row leaves to its hold.
        words[8] = cython.cast(cython.longlong, debit) | (cython.cast(cython.longlong, credit) << 32)
        return self.approved(words, colour, amount, self.acc[debit, HOLDER], self.acc[credit, HOLDER], power)

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _court(
        self, i: cython.longlong, debit: cython.longlong, credit: cython.longlong, amount: cython.longlong
    ) -> cython.int:
        """Check what a court-ordered debit must satisfy (48, 54, 55, 57, 58)."""
        colour: cython.longlong = self.acc[debit, COLOUR]
        if self.q[i, 11] == 0 and self.q[i, 12] == 0 and self.q[i, 13] == 0:
            return 48
        answer: cython.int = self._ask(i, colour, amount, debit, credit, 2)
        if answer != 0:
            return answer
        if self.acc[debit, HOP] == 0:
            if not self._within(colour, -1, 1, amount):
                return 57
            if not self._within(colour, -1, 2, amount):
                return 58
        return 0

    # ---- meters -----------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def _meter(self, tag: cython.longlong, a: cython.longlong, b: cython.longlong) -> cython.longlong:
        """Return the number of the meter (tag, a, b), or −1; ``vacant`` and ``vacant_word``: where it would stand."""
        word: cython.ulonglong = self._meter_hash(tag, a, b) & HIGH
        size: cython.ulonglong = cython.cast(cython.ulonglong, self.meter_index.shape[0])
        slot: cython.ulonglong = ((word >> 32) * size) >> 32
        number: cython.longlong
        while self.meter_index[slot] != 0:
            if (self.meter_index[slot] & HIGH) == word:
                number = cython.cast(cython.longlong, self.meter_index[slot] & LOW) - 1
                if self.meter[number, 1] == a and self.meter[number, 2] == b and self.meter[number, 0] == tag:
                    return number
            slot += 1
            if slot == size:
                slot = 0
        self.vacant = slot
        self.vacant_word = word
        return -1

    @cython.cfunc
    @cython.exceptval(check=False)
    def _hinted(
        self, place: cython.longlong, tag: cython.longlong, a: cython.longlong, b: cython.longlong
    ) -> cython.longlong:
        """Return the number of a meter that has a place to be remembered at, or −1 as ``_meter`` does.

        What is remembered is only a hint: the meter there says itself whether it is the one. So nothing need be kept in
        step when meters are taken back, dropped, or read from a snapshot.
        """
        number: cython.longlong
        if tag == M_LINE:
            number = self.line_hint[place] - 1
        elif tag == M_CAP:
            number = self.cap_hint[place] - 1
        else:
            number = self.subject_hint[place, 0 if tag == M_SUBJECT else 1] - 1
        if (
            number >= 0
            and number < self.meters
            and self.meter[number, 1] == a
            and self.meter[number, 2] == b
            and self.meter[number, 0] == tag
        ):
            return number
        number = self._meter(tag, a, b)
        if tag == M_LINE:
            self.line_hint[place] = number + 1
        elif tag == M_CAP:
            self.cap_hint[place] = number + 1
        else:
            self.subject_hint[place, 0 if tag == M_SUBJECT else 1] = number + 1
        return number

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _shown(
        self, place: cython.longlong, tag: cython.longlong, a: cython.longlong, b: cython.longlong
    ) -> cython.longlong:
        """Return what a meter with a place shows."""
        number: cython.longlong = self._hinted(place, tag, a, b)
        return self.meter[number, 3] if number >= 0 else 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _metered(self, tag: cython.longlong, a: cython.longlong, b: cython.longlong) -> cython.longlong:
        number: cython.longlong = self._meter(tag, a, b)
        self.memo[tag, 0] = a
        self.memo[tag, 1] = b
        self.memo[tag, 2] = number
        self.memo[tag, 3] = self.row_now
        if number >= 0:
            return self.meter[number, 3]
        self.memo[tag, 4] = cython.cast(cython.longlong, self.vacant)
        self.memo[tag, 5] = cython.cast(cython.longlong, self.vacant_word >> 32)
        return 0

    def metered(self, tag: cython.longlong, a: cython.longlong, b: cython.longlong) -> cython.longlong:
        """Return what a meter shows; 0 where nothing was counted."""
        return self._metered(tag, a, b)

    def today_now(self) -> cython.longlong:
        """Return the day of the batch that is being decided."""
        return self.today

    def index_meters(self) -> None:
        """Fill the empty index of meters from the meters themselves: after a snapshot, or after zeros were dropped."""
        n: cython.longlong
        for n in range(self.meters):
            if self._meter(self.meter[n, 0], self.meter[n, 1], self.meter[n, 2]) < 0:
                self.meter_index[self.vacant] = self.vacant_word | cython.cast(cython.ulonglong, n + 1)

    def widen_meter_index(self, old: cython.ulonglong[::1]) -> None:
        """Fill the empty, larger index from the one before it.

        A slot is the upper half of the hash scaled to the size, so the order of the entries stays what it was: both
        tables are walked once from end to end, and no meter is looked at.
        """
        size: cython.ulonglong = cython.cast(cython.ulonglong, self.meter_index.shape[0])
        slot: cython.ulonglong
        i: cython.longlong
        for i in range(old.shape[0]):
            if old[i] != 0:
                slot = ((old[i] >> 32) * size) >> 32
                while self.meter_index[slot] != 0:
                    slot += 1
                    if slot == size:
                        slot = 0
                self.meter_index[slot] = old[i]

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _note(
        self, table: cython.longlong, row: cython.longlong, column: cython.longlong, old: cython.longlong
    ) -> cython.void:
        """Write down what is about to be overwritten (table 0 meters, 1 holds), or that a meter began (2, its slot)."""
        n: cython.longlong = self.logged
        self.log[n, 0] = table
        self.log[n, 1] = row
        self.log[n, 2] = column
        self.log[n, 3] = old
        self.logged += 1

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _turn_at(
        self,
        place: cython.longlong,
        tag: cython.longlong,
        a: cython.longlong,
        b: cython.longlong,
        by: cython.longlong,
    ) -> cython.void:
        """Turn a meter that has a place to be remembered at."""
        self._turn_number(self._hinted(place, tag, a, b), tag, a, b, by)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _turn(self, tag: cython.longlong, a: cython.longlong, b: cython.longlong, by: cython.longlong) -> cython.void:
        """Turn a meter forward, or back, never below zero nor above TOP; what this row's check looked up is known."""
        number: cython.longlong
        if self.memo[tag, 0] == a and self.memo[tag, 1] == b and self.memo[tag, 3] == self.row_now:
            number = self.memo[tag, 2]  # the check of this same row has just looked it up
            if number < 0:
                self.vacant = cython.cast(cython.ulonglong, self.memo[tag, 4])
                self.vacant_word = cython.cast(cython.ulonglong, self.memo[tag, 5]) << 32
                if self.meter_index[self.vacant] != 0:
                    number = self._meter(tag, a, b)
        else:
            number = self._meter(tag, a, b)
        self._turn_number(number, tag, a, b, by)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _turn_number(
        self,
        number: cython.longlong,
        tag: cython.longlong,
        a: cython.longlong,
        b: cython.longlong,
        by: cython.longlong,
    ) -> cython.void:
        """Turn meter *number*, or begin one where it is −1, at the place that was just found vacant."""
        if number < 0:
            if by <= 0:
                return
            number = self.meters
            self.meters += 1
            self.meter_index[self.vacant] = self.vacant_word | cython.cast(cython.ulonglong, number + 1)
            self.meter[number, 0] = tag
            self.meter[number, 1] = a
            self.meter[number, 2] = b
            self.meter[number, 3] = min(by, TOP)
            self._note(2, cython.cast(cython.longlong, self.vacant), 0, 0)
            return
        old: cython.longlong = self.meter[number, 3]
        self._note(0, number, 3, old)
        if by > TOP - old:
            self.meter[number, 3] = TOP
        else:
            self.meter[number, 3] = max(0, old + by)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _keep(self, number: cython.longlong, column: cython.longlong, value: cython.longlong) -> cython.void:
        """Write a column of a hold."""
        self._note(1, number, column, self.hold[number, column])
        self.hold[number, column] = value

    @cython.cfunc
    @cython.exceptval(check=False)
    def _tally(
        self,
        kind: cython.int,
        debit: cython.longlong,
        credit: cython.longlong,
        amount: cython.longlong,
        item: cython.longlong,
        quantity: cython.longlong,
        subject: cython.longlong,
        document0: cython.longlong,
        document1: cython.longlong,
        number: cython.longlong,
        sign: cython.longlong,
    ) -> cython.void:
        """Turn the meters that a pay, advance or accept moves; *sign* −1 takes it back."""
        colour: cython.longlong = self.acc[debit, COLOUR]
        target: cython.longlong = self.acc[credit, COLOUR]
        at: cython.longlong
        line: cython.longlong
        if self.rule[colour, R_PLAIN] != 0:
            return
        if subject != 0 and self.subject_fact[subject, 1] >= 0:
            self._turn_at(subject, M_ACCEPTED if kind == ACCEPT else M_SUBJECT, subject, 0, sign * amount)
        if (self.rule[colour, R_MORE] | self.rule[target, R_MORE]) == 0:
            return
        accepts: cython.bint = number >= 0 and (self.hold[number, H_TERMS] & 1) != 0
        if (kind == PAY and not accepts) or (kind == ACCEPT and accepts):
            at = self._governing(debit, credit)
            if at >= 0:
                at = self.rule[at, R_LINES_UP]
            while at >= 0:
                line = self._line(at, item)
                if line >= 0 and self.pool[line + 2] >= 0:
                    self._turn_at(line, M_LINE, at, self.pool[line], sign * quantity)
                at = self.cnt[at, PARENT]
                if at >= 0:
                    at = self.rule[at, R_LINES_UP]
        if kind == ACCEPT:
            return
        at = self.rule[colour, R_PAYEE_UP]
        while at >= 0:
            self._turn(M_PAYEE, at, self.acc[credit, HOLDER], sign * amount)
            at = self.cnt[at, PARENT]
            if at >= 0:
                at = self.rule[at, R_PAYEE_UP]
        if self.rule[colour, R_DOCUMENTS] != 0:
            self._turn(M_DOCUMENT, document0, document1, sign * amount)
        if self.rule[target, R_PLAIN] != 0 and self.rule[colour, R_CAPS] >= 0:
            at = self.rule[colour, R_CAPS]
            while at < self.rule[colour, R_CAPS + 1]:
                if (self.holder_class[self.acc[credit, HOLDER]] & self.pool[at]) != 0 and not self._cap_before(
                    colour, at
                ):
                    self._turn_at(debit, M_CAP, debit, self.pool[at], sign * amount)
                at += 3

    @cython.cfunc
    @cython.exceptval(check=False)
    def _cap_before(self, colour: cython.longlong, at: cython.longlong) -> cython.bint:
        """Tell whether an earlier cap of the colour has the same classes: they share a meter."""
        k: cython.longlong = self.rule[colour, R_CAPS]
        while k < at:
            if self.pool[k] == self.pool[at]:
                return True
            k += 3
        return False

    @cython.cfunc
    @cython.exceptval(check=False)
    def _within(
        self, colour: cython.longlong, stop: cython.longlong, which: cython.int, amount: cython.longlong
    ) -> cython.bint:
        """Check one limit at *colour* and every ancestor below *stop*; ``detail`` tells how far up it failed."""
        level: cython.int = 0
        while colour != stop and colour >= 0:
            if self.cnt[colour, USED + which] > self.cnt[colour, LIMIT + which] - amount:
                self.detail = level
                return False
            colour = self.cnt[colour, PARENT]
            level += 1
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def _within_both(self, colour: cython.longlong, amount: cython.longlong) -> cython.int:
        """Check obligations (57) and then payments (58) on the whole path, in one walk."""
        level: cython.int = 0
        failed: cython.int = -1
        while colour >= 0:
            if self.cnt[colour, USED + 1] > self.cnt[colour, LIMIT + 1] - amount:
                self.detail = level
                return 57
            if failed < 0 and self.cnt[colour, USED + 2] > self.cnt[colour, LIMIT + 2] - amount:
                failed = level
            colour = self.cnt[colour, PARENT]
            level += 1
        if failed < 0:
            return 0
        self.detail = failed
        return 58

    @cython.cfunc
    @cython.exceptval(check=False)
    def _above_floor(self, colour: cython.longlong, stop: cython.longlong, amount: cython.longlong) -> cython.bint:
        """Check that the plan counters on a path can be lowered: money that was received, not issued, may lapse too."""
        while colour != stop and colour >= 0:
            if self.cnt[colour, USED] < amount - TOP:
                return False
            colour = self.cnt[colour, PARENT]
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def _add(
        self, colour: cython.longlong, stop: cython.longlong, which: cython.int, amount: cython.longlong
    ) -> cython.void:
        while colour != stop and colour >= 0:
            self.cnt[colour, USED + which] += amount
            colour = self.cnt[colour, PARENT]

    @cython.cfunc
    @cython.exceptval(check=False)
    def _count(
        self,
        kind: cython.int,
        debit: cython.longlong,
        credit: cython.longlong,
        amount: cython.longlong,
        on_hold: cython.bint,
    ) -> cython.void:
        """Move the counters of the colours as *kind* does; a negative *amount* takes it back."""
        colour: cython.longlong = self.acc[debit, COLOUR]
        target: cython.longlong = self.acc[credit, COLOUR]
        if kind == PAY or kind == COMMIT or kind == ADVANCE or kind == COURT:
            if self.rule[colour, R_PLAIN] != 0:
                return
            if self.acc[debit, HOP] == 0:
                if not on_hold and kind != COMMIT:
                    while colour >= 0:
                        self.cnt[colour, USED + 1] += amount
                        self.cnt[colour, USED + 2] += amount
                        colour = self.cnt[colour, PARENT]
                    colour = self.acc[debit, COLOUR]
                else:
                    self._add(colour, -1, 1 if kind == COMMIT else 2, amount)
            if kind != COMMIT and target != colour and self.rule[target, R_PLAIN] == 0:
                self._add(target, colour, 0, amount)
        elif kind == RELEASE or kind == VOID or kind == EXPIRE:
            if self.acc[debit, HOP] == 0 and self.rule[colour, R_PLAIN] == 0:
                self._add(colour, -1, 1, -amount)
        elif kind == ISSUE:
            self._add(target, -1, 0, amount)
        elif kind == ALLOCATE:
            self._add(target, colour, 0, amount)
        elif kind == WITHDRAW:
            self._add(colour, target, 0, -amount)
        elif kind == LAPSE:
            self._add(colour, -1, 0, -amount)
        elif kind == CARRY:
            self._add(colour, -1, 0, -amount)
            self._add(target, -1, 0, amount)

    # ---- holds ------------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def _find_hold(self, low: cython.longlong, high: cython.longlong) -> cython.longlong:
        key: cython.ulonglong = mix(low & MASK, high & MASK, self.seed)
        size: cython.ulonglong = cython.cast(cython.ulonglong, self.hold_key.shape[0])
        slot: cython.ulonglong = ((key >> 32) * size) >> 32
        number: cython.longlong
        while self.hold_key[slot] != 0:
            if self.hold_key[slot] == key:
                number = self.hold_val[slot]
                if self.hold[number, H_ID0] == low and self.hold[number, H_ID1] == high:
                    return number
            slot += 1
            if slot == size:
                slot = 0
        return -1

    @cython.cfunc
    @cython.exceptval(check=False)
    def _open_hold(
        self, i: cython.longlong, debit: cython.longlong, credit: cython.longlong, amount: cython.longlong
    ) -> cython.void:
        number: cython.longlong = self.holds
        self.hold[number, H_ID0] = self.q[i, 0]
        self.hold[number, H_ID1] = self.q[i, 1]
        self.hold[number, H_LEFT] = amount
        self.hold[number, H_DEBIT] = debit
        self.hold[number, H_CREDIT] = credit
        self.hold[number, H_ITEM] = self.q[i, 5]
        self.hold[number, H_REGION] = self.w[i, 18]
        self.hold[number, H_STATE] = 0
        self.hold[number, H_TOTAL] = amount
        self.hold[number, H_ACCEPTED] = 0
        self.hold[number, H_ADVANCED] = 0
        self.hold[number, H_PAID] = 0
        self.hold[number, H_ADVANCE] = 0
        self.hold[number, H_RETENTION] = 0
        self.hold[number, H_TERMS] = 0
        self.hold[number, H_WARRANTY] = 0
        governing: cython.longlong = self._governing(debit, credit)
        if governing >= 0:  # the terms that rule now are this contract's for ever
            self.hold[number, H_ADVANCE] = self.rule[governing, R_ADVANCE]
            self.hold[number, H_RETENTION] = self.rule[governing, R_RETENTION]
            self.hold[number, H_TERMS] = self.rule[governing, R_ACCEPT] | (self.rule[governing, R_WARRANTY] << 1)
        self._put(self.hold_key, self.hold_val, mix(self.q[i, 0] & MASK, self.q[i, 1] & MASK, self.seed), number)
        self.holds += 1
        self.acc[debit, PENDING] += amount
        self.hold_now = number

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _on_hold(self, i: cython.longlong, kind: cython.int, amount: cython.longlong) -> cython.int:
        number: cython.longlong = self._find_hold(self.q[i, 2], self.q[i, 3])
        if number < 0:
            return 9
        debit: cython.longlong = self.hold[number, H_DEBIT]
        credit: cython.longlong = self.hold[number, H_CREDIT]
        if (self.w[i, 16] != UNKNOWN and self.w[i, 16] != debit) or (
            self.w[i, 17] != UNKNOWN and self.w[i, 17] != credit
        ):
            return 10
        if self.hold[number, H_STATE] != 0:
            return 10 + cython.cast(cython.int, self.hold[number, H_STATE])
        left: cython.longlong = self.hold[number, H_LEFT]
        if kind == ACCEPT:
            if amount > self.hold[number, H_TOTAL] - self.hold[number, H_ACCEPTED]:
                return 13
        elif amount > left or left == 0:
            return 13
        answer: cython.int = self._accounts(i, debit, credit, False)
        if answer != 0:
            return answer
        item: cython.longlong = self.q[i, 5] if self.q[i, 5] != 0 else self.hold[number, H_ITEM]
        region: cython.longlong = self.w[i, 18]
        if region == 0:
            region = self.hold[number, H_REGION]
        if kind == ACCEPT:
            return self._accept(i, debit, credit, amount, item, region, number)
        if kind == PAY or kind == ADVANCE:
            answer = self._stage(PAY, debit, credit)  # an account may have become an issuer since
            if answer != 0:
                return answer
            answer = self._payment(i, kind, debit, credit, amount, item, region, number)
            if answer != 0:
                return answer
            if self.acc[debit, DEBITS] + amount > TOP or self.acc[credit, CREDITS] + amount > TOP:
                return 60
            self.acc[debit, DEBITS] += amount
            self.acc[credit, CREDITS] += amount
            self._keep(
                number,
                H_ADVANCED if kind == ADVANCE else H_PAID,
                self.hold[number, H_ADVANCED if kind == ADVANCE else H_PAID] + amount,
            )
            if (self.h[i, 43] & F_EMERGENCY) == 0:
                self._tally(
                    kind,
                    debit,
                    credit,
                    amount,
                    item,
                    self.q[i, 7],
                    self.w[i, 20],
                    self.q[i, 11],
                    self.q[i, 12],
                    number,
                    1,
                )
        elif kind == VOID:
            amount = left
            self.hold[number, H_STATE] = 1
        if kind == RELEASE or kind == VOID:
            self._keep(number, H_TOTAL, self.hold[number, H_TOTAL] - amount)
        self.w[i, 16] = cython.cast(cython.uint, debit)
        self.w[i, 17] = cython.cast(cython.uint, credit)
        self.hold[number, H_LEFT] = left - amount
        self.acc[debit, PENDING] -= amount
        self._count(kind, debit, credit, amount, True)
        self.hold_now = number
        self.q[i, 14] = amount
        return 0

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _accept(
        self,
        i: cython.longlong,
        debit: cython.longlong,
        credit: cython.longlong,
        amount: cython.longlong,
        item: cython.longlong,
        region: cython.longlong,
        number: cython.longlong,
    ) -> cython.int:
        """Take so much of a contract as accepted: nothing moves, but from now on it may be paid."""
        colour: cython.longlong = self.acc[debit, COLOUR]
        emergency: cython.bint = (self.h[i, 43] & F_EMERGENCY) != 0
        answer: cython.int
        governing: cython.longlong = self._governing(debit, credit)
        if self.rule[colour, R_PLAIN] != 0:
            if emergency:
                return 54
        elif emergency:
            answer = self._ask(i, colour, amount, debit, credit, 3)
            if answer != 0:
                return answer
        else:
            answer = self._window(colour, i)
            if answer == 0:
                answer = self._goods(i, ACCEPT, colour, credit, item, region, number)
            if answer == 0 and (self.hold[number, H_TERMS] & 1) != 0 and governing >= 0:
                answer = self._lines(i, governing, item, amount)
            if answer == 0 and self.w[i, 20] != 0:
                answer = self._subject(i, colour, self.acc[credit, COLOUR], amount, M_ACCEPTED)
            if answer != 0:
                return answer
        self.w[i, 16] = cython.cast(cython.uint, debit)
        self.w[i, 17] = cython.cast(cython.uint, credit)
        self._keep(number, H_ACCEPTED, self.hold[number, H_ACCEPTED] + amount)
        ends: cython.longlong = self._date(i) + (self.hold[number, H_TERMS] >> 1)
        if self.hold[number, H_WARRANTY] == 0 or ends > self.hold[number, H_WARRANTY]:
            self._keep(number, H_WARRANTY, ends)
        if not emergency:
            self._tally(ACCEPT, debit, credit, amount, item, self.q[i, 7], self.w[i, 20], 0, 0, number, 1)
        self.hold_now = number
        self.q[i, 14] = amount
        return 0

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _expire(self, i: cython.longlong) -> cython.int:
        """Carry out an expire row that the ledger made: it cannot be refused."""
        number: cython.longlong = self._find_hold(self.q[i, 2], self.q[i, 3])
        debit: cython.longlong = self.hold[number, H_DEBIT]
        left: cython.longlong = self.hold[number, H_LEFT]
        self._keep(number, H_TOTAL, self.hold[number, H_TOTAL] - left)
        self.hold[number, H_STATE] = 2
        self.hold[number, H_LEFT] = 0
        self.acc[debit, PENDING] -= left
        self._count(EXPIRE, debit, self.hold[number, H_CREDIT], left, True)
        self.hold_now = number
        self.q[i, 14] = left
        return 0

    # ---- giving back ------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _give_back(self, i: cython.longlong, kind: cython.int, amount: cython.longlong) -> cython.int:
        """Return (of a payment) or reverse (of any movement): the original's accounts swapped, its counters undone."""
        seq: cython.longlong = -1
        if self.q[i, 2] != 0 or self.q[i, 3] != 0:
            seq = self._find(self.q[i, 2], self.q[i, 3])
        if seq < 0:
            return 14
        old: object = self._entry(seq)
        accounts: cython.longlong = old[8]
        original: cython.int = (cython.cast(cython.longlong, old[10]) >> 32) & 0xFFFF
        settled: cython.longlong = old[14]
        debit: cython.longlong = accounts & UNKNOWN
        credit: cython.longlong = (accounts >> 32) & UNKNOWN
        paid: cython.bint = original == PAY or original == ADVANCE
        if not paid:
            if kind != REVERSE or original == COMMIT or original == CLAWBACK:
                return 15
            if original > PAY and original < RECEIVE:
                return 15
        if kind == CLAWBACK:
            if self.w[i, 17] != debit or self.rule[self.acc[debit, COLOUR], R_PLAIN] != 0:
                return 15
        elif self.w[i, 16] != credit or self.w[i, 17] != debit:
            return 15
        back: cython.longlong = self.returned.get(seq, 0)
        if amount > settled - back:
            return 16
        source: cython.longlong = self.w[i, 16]  # it is the original's payee, but for a clawback, which finds the money
        answer: cython.int = self._accounts(i, source, debit, kind == CLAWBACK)
        if answer != 0:
            return answer
        colour: cython.longlong = self.acc[debit, COLOUR]
        if kind == CLAWBACK:
            if (
                self.rule[self.acc[source, COLOUR], R_PLAIN] != 0
                or (self.acc[source, FLAGS] & F_ISSUER) != 0
                or not self._below(self.acc[source, COLOUR], self.acc[credit, COLOUR])
            ):
                return 27
            answer = self._ask(i, self.acc[source, COLOUR], amount, source, debit, 1)
            if answer != 0:
                return answer
        if original == WITHDRAW or original == LAPSE or original == CARRY:  # taking money out is undone: it comes in
            if not self._within(colour, self.acc[credit, COLOUR] if original == WITHDRAW else -1, 0, amount):
                return 56
        if original != ACCEPT:
            if (self.acc[source, FLAGS] & F_ISSUER) == 0:
                if self.acc[source, CREDITS] - self.acc[source, DEBITS] - self.acc[source, PENDING] < amount:
                    return 59
            if self.acc[source, DEBITS] + amount > TOP or self.acc[debit, CREDITS] + amount > TOP:
                return 60
        if original == ISSUE or original == ALLOCATE or original == CARRY:  # what they added to the plan goes
            if not self._above_floor(self.acc[credit, COLOUR], colour if original == ALLOCATE else -1, amount):
                return 60
        elif paid and self.acc[source, COLOUR] != colour and self.rule[self.acc[source, COLOUR], R_PLAIN] == 0:
            if not self._above_floor(self.acc[source, COLOUR], colour, amount):
                return 60
        if original != ACCEPT:
            self.acc[source, DEBITS] += amount
            self.acc[debit, CREDITS] += amount
            self.acc[source, BACK] += amount
            self.acc[debit, BACK] += amount
            self._count(original, debit, credit, -amount, False)
            if source != credit:
                self._add(self.acc[source, COLOUR], self.acc[credit, COLOUR], 0, -amount)
        if paid or original == ACCEPT:
            self._untally(old, original, debit, credit, settled, back, amount)
        self.returned[seq] = back + amount
        self.hold_now = seq
        self.q[i, 14] = amount
        return 0

    @cython.cfunc
    @cython.exceptval(-2, check=True)
    def _untally(
        self,
        old: object,
        original: cython.int,
        debit: cython.longlong,
        credit: cython.longlong,
        settled: cython.longlong,
        back: cython.longlong,
        amount: cython.longlong,
    ) -> cython.int:
        """Take what is given back of *old* off its contract's sums and off the meters."""
        column: cython.longlong = H_ADVANCED if original == ADVANCE else H_ACCEPTED if original == ACCEPT else H_PAID
        item: cython.longlong = old[5]
        low: cython.longlong = old[2]
        high: cython.longlong = old[3]
        number: cython.longlong = -1
        if low != 0 or high != 0:
            number = self._find_hold(low, high)
            if item == 0:
                item = self.hold[number, H_ITEM]
            self._keep(number, column, self.hold[number, column] - amount)
        quantity: cython.longlong = old[7]
        quantity = part(quantity, back + amount, settled) - part(quantity, back, settled) if quantity > 0 else 0
        word: cython.longlong = old[10]
        if ((word >> 48) & F_EMERGENCY) == 0:
            self._tally(original, debit, credit, amount, item, quantity, word & UNKNOWN, old[11], old[12], number, -1)
        return 0

    # ---- taking back ------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def _undo(self, i: cython.longlong) -> cython.void:
        """Take back the effect of row *i*, the newest that is still in effect."""
        kind: cython.int = self.h[i, 42]
        amount: cython.longlong = self.q[i, 14]
        debit: cython.longlong = self.w[i, 16]
        credit: cython.longlong = self.w[i, 17]
        number: cython.longlong = self.aux[i]
        self.q[i, 8] = self.was[i]
        on_hold: cython.bint = kind == RELEASE or kind == VOID or kind == EXPIRE or kind == ADVANCE
        if kind == PAY and number >= 0:
            on_hold = True
        original: cython.int
        accounts: cython.longlong
        old: object
        while self.logged > self.mark[i]:
            self.logged -= 1
            if self.log[self.logged, 0] == 0:
                self.meter[self.log[self.logged, 1], self.log[self.logged, 2]] = self.log[self.logged, 3]
            elif self.log[self.logged, 0] == 2:  # meters leave in the reverse order of their coming: no gap can open
                self.meter_index[self.log[self.logged, 1]] = 0
                self.meters -= 1
            else:
                self.hold[self.log[self.logged, 1], self.log[self.logged, 2]] = self.log[self.logged, 3]
        if kind != EXPIRE:
            self._drop(
                self.id_key, self.id_seq, mix(self.q[i, 0] & MASK, self.q[i, 1] & MASK, self.seed), self.base + i
            )
            self.ids -= 1
        if kind == COMMIT:
            self.acc[debit, PENDING] -= amount
            self.holds -= 1
            self._drop(self.hold_key, self.hold_val, mix(self.q[i, 0] & MASK, self.q[i, 1] & MASK, self.seed), number)
            self._count(kind, debit, credit, -amount, False)
        elif on_hold:
            debit = self.hold[number, H_DEBIT]
            credit = self.hold[number, H_CREDIT]
            self.hold[number, H_LEFT] += amount
            self.hold[number, H_STATE] = 0
            self.acc[debit, PENDING] += amount
            self._count(kind, debit, credit, -amount, True)
            if kind == PAY or kind == ADVANCE:
                self.acc[debit, DEBITS] -= amount
                self.acc[credit, CREDITS] -= amount
        elif kind == RETURN or kind == REVERSE or kind == CLAWBACK:
            old = self._entry(number)
            accounts = old[8]
            original = (cython.cast(cython.longlong, old[10]) >> 32) & 0xFFFF
            if original != ACCEPT:
                self.acc[debit, DEBITS] -= amount
                self.acc[credit, CREDITS] -= amount
                self.acc[debit, BACK] -= amount
                self.acc[credit, BACK] -= amount
                self._count(original, accounts & UNKNOWN, (accounts >> 32) & UNKNOWN, amount, False)
                if debit != ((accounts >> 32) & UNKNOWN):
                    self._add(self.acc[debit, COLOUR], self.acc[(accounts >> 32) & UNKNOWN, COLOUR], 0, amount)
            if self.returned[number] == amount:
                del self.returned[number]
            else:
                self.returned[number] -= amount
        elif kind != ACCEPT:
            self.acc[debit, DEBITS] -= amount
            self.acc[credit, CREDITS] -= amount
            self._count(kind, debit, credit, -amount, False)
