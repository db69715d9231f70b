"""PostgreSQL 15 as the peer: the same double-entry transfers, durable, in the best form found for each shape."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from bench import workload
from bench.cluster import Cluster
from bench.measure import Measured, Stopwatch, check
from bench.workload import ACCOUNT_FUNDS, DAY, Stream, World
from boyau.ledger.refusals import Result
from boyau.ledger.rows import BATCH_ROWS_MAX, Rows

SYSTEM = "PostgreSQL 15"
ACCOUNTS = 10_000
ISSUER = 10_000
WARM_UP_BATCHES = 3
Say = Callable[[str], None]

# fillfactor leaves room for the new version of an account on its own page (HOT), which spares the index.
SCHEMA = """
drop table if exists accounts, transfers cascade;
create table accounts (
  id int primary key,
  debits bigint not null default 0,
  credits bigint not null default 0,
  issuer boolean not null default false,
  check (issuer or credits >= debits)
) with (fillfactor = 50);
create table transfers (
  id uuid primary key,
  debit int not null,
  credit int not null,
  amount bigint not null check (amount > 0),
  check (debit <> credit)
);
insert into accounts (id, issuer) select i, i = 10000 from generate_series(0, 10000) i;
"""

DELTAS = """
  delta as (
    select id, sum(debits)::bigint as debits, sum(credits)::bigint as credits from (
      select debit as id, amount as debits, 0 as credits from fresh
      union all select credit, 0, amount from fresh
    ) both_sides group by id
  )"""
SETTLE = """update accounts a set debits = a.debits + delta.debits, credits = a.credits + delta.credits
  from delta where a.id = delta.id"""

# The lock is taken after the rows are in, so that a second client's rows are inserted while the first one commits.
TRIGGER = f"""
create function settle() returns trigger language plpgsql as $$
declare wanted bigint; found_rows bigint;
begin
  perform pg_advisory_xact_lock(1);
  with {DELTAS} {SETTLE};
  get diagnostics found_rows = row_count;
  select count(*) into wanted from (select debit from fresh union select credit from fresh) x;
  if found_rows <> wanted then raise exception 'unknown account'; end if;
  return null;
end $$;
create trigger settle after insert on transfers referencing new table as fresh
  for each statement execute function settle();
"""

STAGE = "create temp table stage (id uuid, debit int, credit int, amount bigint) on commit delete rows"
STAGED = f"""with fresh as (insert into transfers select * from stage returning debit, credit, amount), {DELTAS}
  {SETTLE}"""

# One statement, so one round trip and no function call; both accounts are locked in the order of the index.
SINGLE = """\\set d random(0, 9999)
\\set c (:d + random(1, 9999)) % 10000
\\set a random(1, 100000)
with t as (insert into transfers values (gen_random_uuid(), :d::int, :c::int, :a::bigint))
update accounts set debits = debits + case when id = :d::int then :a::bigint else 0 end, \
credits = credits + case when id = :c::int then :a::bigint else 0 end where id = any (array[:d::int, :c::int]);
"""

COLUMNS = (("id", "V16"), ("debit", ">i4"), ("credit", ">i4"), ("amount", ">i8"))


# ---- one transaction a transfer --------------------------------------------------------------------------------------


def single(cluster: Cluster, clients: int, seconds: int, say: Say) -> Measured:
    """Measure pgbench with *clients* clients, each transfer its own durable transaction."""
    say(f"{SYSTEM}: one transaction each, {clients} clients, {seconds} s")
    with closing(_connect(cluster)) as connection, tempfile.TemporaryDirectory() as folder:
        _fresh(connection)
        script = Path(folder) / "single.sql"
        script.write_text(SINGLE)
        # --max-tries: should two transactions ever deadlock, pgbench tries again as a real client would.
        common = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-f", str(script), "--max-tries=10"]
        cluster.pgbench(*common, "-T", "2", "--random-seed=1")
        connection.execute("checkpoint")
        before = _count(connection)
        log = f"{folder}/log"
        seed = f"--random-seed={workload.SEED}"
        printed = cluster.pgbench(*common, "-T", str(seconds), "-l", "--log-prefix", log, seed)
        facts = dict(line.split(" = ", 1) for line in printed.splitlines() if " = " in line)
        processed = int(_after(printed, "number of transactions actually processed: "))
        failed = int(_after(printed, "number of failed transactions: "))
        check(failed == 0, f"{failed} transactions failed")
        check(_count(connection) - before == processed, "pgbench counted other transactions than the table holds")
        _conserved(connection)
        latencies = [int(line.split()[2]) / 1000 for name in Path(folder).glob("log.*") for line in name.open()]
        per_second = float(facts["tps"].split()[0])
    return Measured(
        SYSTEM, f"one transaction each, {clients} clients (pgbench)", per_second, latencies,
        "count, debits = credits = amounts", "plain durable",
    )  # fmt: skip


def _after(text: str, label: str) -> str:
    return text.split(label, 1)[1].split(maxsplit=1)[0]


# ---- batches ---------------------------------------------------------------------------------------------------------

BATCH_FORMS = {
    "COPY into a staging table, one statement": 1,
    "COPY with a set-based trigger": 1,
    "COPY with a set-based trigger, 2 clients": 2,
}


def batched(cluster: Cluster, form: str, batches: int, say: Say) -> Measured:
    """Measure batches of 8,190, each durable, of the same rows as our kernel without rules gets."""
    say(f"{SYSTEM}: {form}, {batches} batches")
    world = workload.plain_world(ACCOUNTS)
    stream = Stream(world, np.arange(len(world.accounts)), np.zeros(1, np.int64))
    work = [_wire(stream.plain()[0], COLUMNS) for _ in range(batches + WARM_UP_BATCHES)]
    triggered = "trigger" in form

    def prepare(client: psycopg.Connection[Any]) -> None:
        if not triggered:
            client.execute(STAGE)

    def send(client: psycopg.Connection[Any], wire: bytes) -> None:
        cursor = client.cursor()
        with cursor.copy(f"copy {'transfers' if triggered else 'stage'} from stdin (format binary)") as copy:
            copy.write(wire)
        if not triggered:
            cursor.execute(STAGED, prepare=True)

    with closing(_connect(cluster)) as connection:
        _fresh(connection)
        if triggered:
            connection.execute(TRIGGER)
        watch, seconds = _drive(cluster, connection, work, BATCH_FORMS[form], prepare, send)
        rows = BATCH_ROWS_MAX * (batches + WARM_UP_BATCHES)
        check(_count(connection) == ACCOUNTS + rows, "rows are missing")
        _conserved(connection)
    return Measured(
        SYSTEM, f"batches of 8,190: {form}", BATCH_ROWS_MAX * batches / seconds, watch.batch_ms,
        "count, debits = credits = amounts", "plain durable",
    )  # fmt: skip


def _drive(
    cluster: Cluster,
    connection: psycopg.Connection[Any],
    work: list[bytes],
    clients: int,
    prepare: Callable[[psycopg.Connection[Any]], None],
    send: Callable[[psycopg.Connection[Any], bytes], None],
) -> tuple[Stopwatch, float]:
    """Send the batches, each its own durable transaction, and return their times and that of the whole."""
    watch, whole = Stopwatch(), Stopwatch()
    lock = threading.Lock()
    faults: list[BaseException] = []

    def client(source: Iterator[bytes], times: list[float]) -> None:
        try:
            with closing(psycopg.connect(cluster.conninfo)) as mine:
                prepare(mine)
                mine.commit()
                while not faults:
                    with lock:
                        wire = next(source, None)
                    if wire is None:
                        return
                    each = Stopwatch()
                    with each:
                        send(mine, wire)
                        mine.commit()
                    times.extend(each.batch_ms)
        except BaseException as fault:  # noqa: BLE001 - handed to the thread that waits
            faults.append(fault)

    client(iter(work[:WARM_UP_BATCHES]), [])
    connection.execute("vacuum analyze accounts")
    connection.execute("checkpoint")
    source = iter(work[WARM_UP_BATCHES:])
    threads = [threading.Thread(target=client, args=(source, watch.batch_ms), daemon=True) for _ in range(clients)]
    with whole:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if faults:
        raise faults[0]
    return watch, whole.batch_ms[0] / 1000


def _wire(rows: Rows, columns: tuple[tuple[str, str], ...], **extra: npt.NDArray[Any]) -> bytes:
    """Lay rows out as PostgreSQL's binary COPY, so that the client costs next to nothing."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in columns:
        layout += [(f"{name}_length", ">i4"), (name, kind)]
    out = np.zeros(len(rows), np.dtype(layout))
    out["fields"] = len(columns)
    for name, _ in columns:
        out[f"{name}_length"] = out.dtype[name].itemsize
        out[name] = extra[name] if name in extra else rows[name]
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + out.tobytes() + b"\xff\xff"


def _connect(cluster: Cluster) -> psycopg.Connection[Any]:
    return psycopg.connect(cluster.conninfo, autocommit=True)


def _fresh(connection: psycopg.Connection[Any]) -> None:
    """Make empty tables and fund every account from the issuer, as transfers."""
    connection.execute("drop function if exists settle() cascade")
    connection.execute(SCHEMA)
    funding = f"""with fresh as (
        insert into transfers select gen_random_uuid(), {ISSUER}, i, {ACCOUNT_FUNDS} from generate_series(0, 9999) i
        returning debit, credit, amount), {DELTAS} {SETTLE}"""
    connection.execute(funding)
    connection.execute("vacuum full accounts")
    connection.execute("vacuum analyze accounts, transfers")
    connection.execute("checkpoint")


def _number(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(Decimal(row[0] or 0))


def _count(connection: psycopg.Connection[Any]) -> int:
    return _number(connection, "select count(*) from transfers")


def _conserved(connection: psycopg.Connection[Any]) -> None:
    amounts = _number(connection, "select sum(amount) from transfers")
    debits = _number(connection, "select sum(debits) from accounts")
    credit = _number(connection, "select sum(credits) from accounts")
    check(debits == credit == amounts, f"not conserved: debits {debits}, credits {credit}, transfers {amounts}")
    for side in ("debit", "credit"):
        wrong = f"""select count(*) from accounts a left join
            (select {side} as id, sum(amount) as total from transfers group by 1) t using (id)
            where a.{side}s <> coalesce(t.total, 0)"""
        check(_number(connection, wrong) == 0, f"an account's {side}s are not the sum of its transfers")


# ---- batches with the colour rules in SQL ----------------------------------------------------------------------------

COLOUR_SCHEMA = """
drop table if exists accounts, transfers, participants, colours, listed, subjects, ancestors, limits cascade;
create table participants (id int primary key, classes bigint not null, region int not null);
create table colours (
  id int primary key, payees bigint, holders bigint, ends bigint,
  first_day int, last_day int, entry_until int, hops int,
  items int8multirange, regions int4multirange,
  allow_list int, deny_list int, needed int, attested int
);
create table listed (list int, participant int, primary key (list, participant));
create table subjects (id int primary key, attested int not null);
create table ancestors (colour int, ancestor int, primary key (colour, ancestor));
create table limits (
  colour int primary key,
  obligations bigint not null default 0, obligations_limit bigint not null,
  payments bigint not null default 0, payments_limit bigint not null,
  check (obligations <= obligations_limit), check (payments <= payments_limit)
) with (fillfactor = 50);
create table accounts (
  id int primary key, participant int not null, colour int, hop int not null,
  debits bigint not null default 0, credits bigint not null default 0, issuer boolean not null default false,
  check (issuer or credits >= debits)
) with (fillfactor = 50);
create table transfers (
  id uuid primary key, debit int not null, credit int not null, amount bigint not null check (amount > 0),
  item bigint, region int, value_date int, subject int, quantity bigint, document bytea
);
"""
COLOUR_COLUMNS = (
    ("n", ">i4"), *COLUMNS, ("item", ">i8"), ("region", ">i4"), ("value_date", ">i4"), ("subject", ">i4"),
    ("quantity", ">i8"), ("document", "V24"),
)  # fmt: skip
COLOUR_STAGE = """create temp table stage (n int, id uuid, debit int, credit int, amount bigint, item bigint,
  region int, value_date int, subject int, quantity bigint, document bytea) on commit delete rows"""

# The same rules in the same order of precedence, over effective rules that are worked out beforehand.
COLOUR_STATEMENT = f"""
with decided as materialized (
  select s.*, a.colour, a.hop, case
    when a.id is null then {Result.DEBIT_UNKNOWN:d}
    when b.id is null then {Result.CREDIT_UNKNOWN:d}
    when s.debit = s.credit then {Result.ACCOUNTS_SAME:d}
    when s.subject <> 0 and e.id is null then {Result.SUBJECT_UNKNOWN:d}
    when s.value_date > {DAY} then {Result.DATE_FUTURE:d}
    when b.colour is not null and (b.colour <> a.colour or b.hop <> a.hop + 1) then {Result.COLOUR_FORBIDDEN:d}
    when s.value_date < k.first_day or s.value_date > k.last_day or k.entry_until < {DAY} then {Result.WINDOW_CLOSED:d}
    when p.classes & k.payees = 0 then {Result.PAYEE_CLASS:d}
    when k.allow_list is not null and allowed.list is null then {Result.PAYEE_NOT_ALLOWED:d}
    when k.deny_list is not null and denied.list is not null then {Result.PAYEE_DENIED:d}
    when b.colour is null and p.classes & k.ends = 0 then {Result.END_FORBIDDEN:d}
    when b.colour is not null and p.classes & k.holders = 0 then {Result.HOLDER_CLASS:d}
    when b.colour is not null and b.hop > k.hops then {Result.HOPS_EXCEEDED:d}
    when k.items is not null and s.item = 0 then {Result.ITEM_MISSING:d}
    when k.items is not null and not k.items @> s.item then {Result.ITEM_FORBIDDEN:d}
    when k.regions is not null and not k.regions @> case when s.region <> 0 then s.region else p.region end
      then {Result.REGION_FORBIDDEN:d}
    when k.needed & ~(k.attested | coalesce(e.attested, 0)) <> 0 then {Result.EVIDENCE_MISSING:d}
    else 0 end as result
  from stage s
  left join accounts a on a.id = s.debit
  left join accounts b on b.id = s.credit
  left join participants p on p.id = b.participant
  left join colours k on k.id = a.colour
  left join listed allowed on allowed.list = k.allow_list and allowed.participant = b.participant
  left join listed denied on denied.list = k.deny_list and denied.participant = b.participant
  left join subjects e on e.id = s.subject
), fresh as (
  insert into transfers select id, debit, credit, amount, item, region, value_date, subject, quantity, document
  from decided where result = 0 returning debit, credit, amount
), {DELTAS}, settled as (
  {SETTLE}
), counted as (
  update limits l set obligations = l.obligations + d.amount, payments = l.payments + d.amount
  from (
    select t.ancestor, sum(x.amount)::bigint as amount
    from (select colour, sum(amount) as amount from decided where result = 0 and hop = 0 group by colour) x
    join ancestors t on t.colour = x.colour group by t.ancestor
  ) d where l.colour = d.ancestor
)
select n, result from decided where result <> 0
"""

CLASSES = {name: 1 << n for n, name in enumerate(("administrator", "contractor", "supplier", "entertainment"))}
PROGRAMME_OPEN, ACCEPTANCE_ACT = 1, 2


def coloured(cluster: Cluster, batches: int, say: Say) -> Measured:
    """Measure batches of 8,190 coloured payments, the rules emulated in one set-based statement."""
    say(f"{SYSTEM}: batches with the colour rules in SQL, {batches} batches")
    world = workload.coloured_world(ACCOUNTS)
    stream = Stream(world, np.arange(len(world.accounts)), np.arange(1, workload.SUBJECTS + 1))
    order = np.arange(BATCH_ROWS_MAX)
    made = [stream.pays() for _ in range(batches + WARM_UP_BATCHES)]
    work = [_wire(rows, COLOUR_COLUMNS, n=order) for rows, _ in made]
    answers: list[list[tuple[int, int]]] = []

    def prepare(client: psycopg.Connection[Any]) -> None:
        client.execute(COLOUR_STAGE)

    def send(client: psycopg.Connection[Any], wire: bytes) -> None:
        cursor = client.cursor()
        with cursor.copy("copy stage from stdin (format binary)") as copy:
            copy.write(wire)
        cursor.execute(COLOUR_STATEMENT, prepare=True)
        answers.append(cursor.fetchall())

    with closing(_connect(cluster)) as connection:
        connection.execute("drop function if exists settle() cascade")
        connection.execute(COLOUR_SCHEMA)
        _load(connection, world)
        watch, seconds = _drive(cluster, connection, work, 1, prepare, send)
        posted = 0
        for (_, expected), answer in zip(made, answers, strict=True):
            got = np.zeros(BATCH_ROWS_MAX, np.uint16)
            for n, result in answer:
                got[n] = result
            check(np.array_equal(got, expected), "a row got another answer than it must")
            posted += int((expected == Result.POSTED).sum())
        funded = len(world.roles["budget"])
        check(_count(connection) == funded + posted, "rows are missing")
        _conserved(connection)
        paid = _number(connection, f"select sum(amount) from transfers where debit <> {world.roles['issuer'][0]}")
        counted = _number(connection, "select payments from limits where colour = 0")
        check(counted == paid, f"the root colour counts {counted} paid, the transfers {paid}")
    return Measured(
        SYSTEM, "batches of 8,190, colour rules emulated in SQL", BATCH_ROWS_MAX * batches / seconds, watch.batch_ms,
        "every answer, count, debits = credits = amounts, counters", "coloured durable",
    )  # fmt: skip


def _load(connection: psycopg.Connection[Any], world: World) -> None:
    """Write the world into tables: effective rules per leaf, closure of the tree, limits at five levels."""
    numbers: dict[str, int] = {}
    closure, limits = [], []
    for path in ("kz", *world.paths):
        parts = path.split("/")
        for k in range(len(parts)):
            numbers.setdefault("/".join(parts[: k + 1]), len(numbers))
        closure += [(numbers[path], numbers["/".join(parts[: k + 1])]) for k in range(len(parts))]
    limits = [(number, 4 * 10**18, 4 * 10**18) for number in numbers.values()]
    names = {name: n for n, (name, _) in enumerate(world.participants)}
    allowed = [n for name, n in names.items() if name != "unlisted" and not name.startswith("adm")]
    listed = [(0, names["barred"]), *((1, n) for n in allowed)]

    def mask(classes: tuple[str, ...]) -> int:
        return sum(CLASSES[name] for name in classes)

    colours = []
    for k, path in enumerate(world.paths):
        low, high = world.items[k]
        items = "{" + ",".join(f"[{start},{start + 10**14})" for start in sorted({low, high})) + "}"
        regions = f"{{[{world.regions[k]},{world.regions[k] + 10**5})}}"
        colours.append((
            numbers[path], mask(workload.PAYEES), mask(workload.HOLDERS), mask(workload.ENDS),
            workload.days(workload.FIRST), workload.days(workload.LAST), workload.days(workload.ENTRY_UNTIL), 1,
            items, regions, 1, 0, PROGRAMME_OPEN | ACCEPTANCE_ACT, PROGRAMME_OPEN,
        ))  # fmt: skip
    accounts = [
        (n, world.owner[n], numbers[world.paths[leaf]] if leaf >= 0 else None, world.hop[n])
        for n, leaf in enumerate(world.leaf)
    ]
    people = [(n, CLASSES[kind], 710_000_000) for n, (_, kind) in enumerate(world.participants)]
    tables: dict[str, list[Any]] = {
        "participants": people, "colours": colours, "listed": listed, "ancestors": closure,
        "subjects": [(n + 1, ACCEPTANCE_ACT) for n in range(workload.SUBJECTS)],
        "limits (colour, obligations_limit, payments_limit)": limits,
        "accounts (id, participant, colour, hop)": accounts,
    }  # fmt: skip
    for table, rows in tables.items():
        with connection.cursor().copy(f"copy {table} from stdin") as copy:
            for row in rows:
                copy.write_row(row)
    issuer = int(world.roles["issuer"][0])
    connection.execute("update accounts set issuer = true where id = %s", (issuer,))
    budget = ",".join(str(n) for n in world.roles["budget"].tolist())
    connection.execute(
        f"""with fresh as (insert into transfers (id, debit, credit, amount)
        select gen_random_uuid(), {issuer}, id, {ACCOUNT_FUNDS} from accounts where id in ({budget})
        returning debit, credit, amount), {DELTAS} {SETTLE}"""
    )
    # Contractors (hop 1) pay onward only in the mix, which PostgreSQL is not given: they start empty.
    connection.execute("vacuum full accounts")
    connection.execute("vacuum analyze")
