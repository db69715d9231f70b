"""A second reader of exports, written from docs/file-format.md alone: nothing of ours is imported here."""

import hashlib
import json
import struct
from pathlib import Path


def sha(data):
    return hashlib.sha256(data).digest()


def merkle(leaves):
    """RFC 9162, 2.1.1, as it is defined."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\x01" + merkle(leaves[:split]) + merkle(leaves[split:]))


def read(directory):
    """Return (manifest, entries, root, tip) of an export; every check of the page is an assertion."""
    directory = Path(directory)
    manifest = json.loads((directory / "manifest.json").read_bytes())
    assert (manifest["archive"], manifest["format"]) == (1, 2)
    leaves, entries, previous, number, last_time = [], [], bytes(32), 0, None
    for segment in manifest["segments"]:
        data = (directory / "segments" / f"{segment['first_batch']:020d}.batches").read_bytes()
        assert hashlib.sha256(data).hexdigest() == segment["sha256"]
        assert len(data) == segment["bytes"]
        assert (number, len(entries)) == (segment["first_batch"], segment["first_entry"])
        at = 0
        while at < len(data):
            header = data[at : at + 192]
            (size,) = struct.unpack_from("<Q", data, at + 192)
            body = data[at + 200 : at + 200 + size]
            magic, kind, version, count, _expired, own, first, time = struct.unpack_from("<4sHHIIQQq", header)
            marks = data[at + 200 + size : at + 200 + size + 4 * count]
            at += 200 + size + 4 * count
            assert (magic, version, own, first) == (b"BYB1", 2, number, len(entries))
            assert kind in (1, 2)
            assert header[40:72] == previous
            assert header[72:104] == sha(body)
            assert header[104:120].hex() == manifest["ledger"].replace("-", "")
            assert header[184:] == sha(b"boyau header 1\n" + header[:184])[:8]
            assert last_time is None or time >= last_time + (kind == 1)
            salts = hashlib.shake_256(b"boyau salt 1\n" + header[120:152]).digest(16 * count)
            parts = rows(body) if kind == 1 else records(body)
            assert len(parts) == count
            for k, entry in enumerate(parts):
                leaf = bytes([kind]) + salts[16 * k : 16 * k + 16] + struct.pack("<q", time) + entry
                leaves.append(sha(b"\x00" + leaf))
                assert marks[4 * k : 4 * k + 4] == leaves[-1][:4]
                entries.append(entry)
            assert merkle(leaves) == header[152:184]
            previous, number, last_time = sha(b"boyau batch 1\n" + header), number + 1, time
    assert (len(entries), number) == (manifest["entries"], manifest["batches"])
    assert (previous.hex(), last_time) == (manifest["tip"], manifest["time"])
    for one in manifest["checkpoints"]:
        note = (directory / "checkpoints" / f"{one['size']:020d}.txt").read_bytes()
        assert hashlib.sha256(note).hexdigest() == one["sha256"]
        origin, size, _ = note.decode().split("\n")[:3]
        assert (origin, int(size)) == (f"boyau/ledger/{manifest['ledger']}", one["size"])
    return manifest, entries, merkle(leaves), previous


def rows(body):
    return [body[k : k + 128] for k in range(0, len(body), 128)]


def records(body):
    out = []
    while body:
        (size,) = struct.unpack_from("<I", body)
        out.append(body[4 : 4 + size])
        body = body[4 + size :]
    return out
