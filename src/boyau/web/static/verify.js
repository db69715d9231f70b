// Verifies a receipt in the reader's own browser: the leaf and the inclusion proof of RFC 9162, the signed note of C2SP,
// Ed25519 by WebCrypto. Nothing of it is sent anywhere. docs/file-format.md describes every byte that is read here.
"use strict";

(() => {
  const FIELDS = ["checkpoint", "data", "entry", "kind", "proof", "receipt", "salt", "time"];
  const ROW_BYTES = 128, SALT_BYTES = 16, PROOF_MAX = 124, NOTE_BYTES_MAX = 65536;
  const ED25519 = 1, COSIGNATURE = 4;
  const EPOCH_DAY_MS = 86_400_000;
  const SCHEMES = { 1: "ENSTRU", 2: "CPV", 3: "GTIN", 4: "KPVED", 5: "OTHER" };

  class Malformed extends Error {
    constructor(word) { super(word); this.word = word; }
  }

  // ---- bytes --------------------------------------------------------------------------------------------------------

  const utf8 = (text) => new TextEncoder().encode(text);
  const joined = (...parts) => {
    const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of parts) { out.set(part, at); at += part.length; }
    return out;
  };
  const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
  const same = (one, other) => one.length === other.length && one.every((value, k) => value === other[k]);

  function fromHex(text) {
    if (typeof text !== "string" || !/^(?:[0-9a-f]{2})*$/.test(text)) throw new Malformed("shape");
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  }

  // Only the one canonical form: what decodes alike but is written otherwise is not what was handed out.
  function fromBase64(text, word = "shape") {
    let raw;
    try { raw = atob(text); } catch { throw new Malformed(word); }
    if (typeof text !== "string" || btoa(raw) !== text) throw new Malformed(word);
    return Uint8Array.from(raw, (one) => one.charCodeAt(0));
  }

  function fromInt64(text) {
    if (typeof text !== "string" || !/^(?:0|-?[1-9][0-9]{0,18})$/.test(text)) throw new Malformed("shape");
    const value = BigInt(text);
    if (BigInt.asIntN(64, value) !== value) throw new Malformed("shape");
    const out = new Uint8Array(8);
    new DataView(out.buffer).setBigInt64(0, value, true);
    return out;
  }

  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

  // ---- reading ------------------------------------------------------------------------------------------------------

  function readReceipt(text) {
    let value;
    try { value = JSON.parse(text); } catch { throw new Malformed("not_json"); }
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Malformed("fields");
    if (Object.keys(value).sort().join() !== FIELDS.join() || value.receipt !== 1) throw new Malformed("fields");
    if (!Number.isSafeInteger(value.entry) || value.entry < 0) throw new Malformed("shape");
    if (value.kind !== "row" && value.kind !== "record") throw new Malformed("fields");
    if (!Array.isArray(value.proof) || value.proof.length > PROOF_MAX) throw new Malformed("shape");
    if (typeof value.data !== "string" || typeof value.checkpoint !== "string") throw new Malformed("fields");
    const data = value.kind === "row" ? fromHex(value.data) : utf8(value.data);
    const salt = fromHex(value.salt);
    if (salt.length !== SALT_BYTES || (value.kind === "row" && data.length !== ROW_BYTES)) throw new Malformed("shape");
    const proof = value.proof.map((one) => fromBase64(one));
    if (proof.some((one) => one.length !== 32)) throw new Malformed("shape");
    const note = readNote(value.checkpoint);
    return {
      entry: value.entry, row: value.kind === "row", time: BigInt(value.time), moment: fromInt64(value.time), salt,
      data, text: value.data, proof, note, checkpoint: readCheckpoint(note.text),
    };
  }

  function readNote(text) {
    const at = text.lastIndexOf("\n\n");
    if (at < 0 || utf8(text).length > NOTE_BYTES_MAX || /[\u0000-\u0009\u000b-\u001f\ufffd]/.test(text)) throw new Malformed("note");
    const tail = text.slice(at + 2);
    if (!tail.endsWith("\n")) throw new Malformed("note");
    const signatures = tail.slice(0, -1).split("\n").map((line) => {
      const parts = /^\u2014 ([^\s+\u2014]{1,200}) (\S+)$/.exec(line);
      if (!parts) throw new Malformed("note");
      const bytes = fromBase64(parts[2], "note");
      if (bytes.length < 5) throw new Malformed("note");
      return { name: parts[1], id: hex(bytes.slice(0, 4)), signature: bytes.slice(4) };
    });
    if (signatures.length > 100) throw new Malformed("note");
    return { text: text.slice(0, at + 1), signatures };
  }

  function readCheckpoint(text) {
    const lines = text.replace(/\n$/, "").split("\n");
    if (lines.length < 3 || !lines[0] || !/^(?:0|[1-9][0-9]{0,15})$/.test(lines[1])) throw new Malformed("note");
    if (lines.slice(3).some((line) => !line)) throw new Malformed("note");
    const root = fromBase64(lines[2], "note");
    if (root.length !== 32) throw new Malformed("note");
    return { origin: lines[0], size: BigInt(lines[1]), root };
  }

  // A key as people hand it on: name+id+base64(kind and key). The id shows a slip of the pen.
  async function readKey(text) {
    const parts = /^([^\s+\u2014]{1,200})\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim());
    if (!parts) throw new Malformed("shape");
    const bytes = fromBase64(parts[3]);
    if (bytes.length !== 33 || (bytes[0] !== ED25519 && bytes[0] !== COSIGNATURE)) throw new Malformed("shape");
    const id = hex((await sha256(joined(utf8(parts[1] + "\n"), bytes))).slice(0, 4));
    if (id !== parts[2]) throw new Malformed("shape");
    return { name: parts[1], id, kind: bytes[0], bytes: bytes.slice(1) };
  }

  // ---- RFC 9162 -----------------------------------------------------------------------------------------------------

  const leafHash = (receipt) => sha256(joined(
    Uint8Array.of(0, receipt.row ? 1 : 2), receipt.salt, receipt.moment, receipt.data,
  ));
  const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));

  // 2.1.3.2: fold the proof from the leaf to the root. Returns the root and every step on the way.
  async function climb(entry, size, leaf, proof) {
    let place = BigInt(entry), last = size - 1n, hash = leaf;
    const steps = [];
    if (place > last) return { fault: "outside", steps };
    for (const sibling of proof) {
      if (last === 0n) return { fault: "path_long", steps };
      const left = (place & 1n) === 1n || place === last;
      hash = left ? await nodeHash(sibling, hash) : await nodeHash(hash, sibling);
      steps.push({ left, sibling, hash });
      if (left) while ((place & 1n) === 0n && place !== 0n) { place >>= 1n; last >>= 1n; }
      place >>= 1n;
      last >>= 1n;
    }
    return last === 0n ? { root: hash, steps } : { fault: "path_short", steps };
  }

  // ---- signatures ---------------------------------------------------------------------------------------------------

  async function signedBy(key, signature, message) {
    const imported = await crypto.subtle.importKey("raw", key.bytes, { name: "Ed25519" }, false, ["verify"]);
    return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
  }

  // Whether this browser knows Ed25519: by the first test vector of RFC 8032, 7.1, and by one that must fail.
  let able;
  async function knowsEd25519() {
    if (able !== undefined) return able;
    try {
      const bytes = fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
      const signature = fromHex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
      const good = await signedBy({ bytes }, signature, new Uint8Array());
      signature[0] ^= 1;
      able = good && !(await signedBy({ bytes }, signature, new Uint8Array()));
    } catch { able = false; }
    return able;
  }

  // keys: those this site names, each with the entry after which it signs; given: those the reader brought.
  async function checkSignatures(receipt, keys, given) {
    const out = { log: null, witnesses: [], fault: null, unknown: [] };
    const size = receipt.checkpoint.size;
    const ruling = keys.filter((one) => BigInt(one.after) < size).at(-1);
    for (const line of receipt.note.signatures) {
      const fits = (key) => key.name === line.name && key.id === line.id;
      const own = given.find(fits), site = given.some((key) => key.kind === ED25519) ? null : keys.find(fits);
      const key = own ?? site;
      if (!key) { out.unknown.push(line.name); continue; }
      if (key.kind === COSIGNATURE) {
        if (line.signature.length !== 72) { out.fault ??= { word: "witness_bad", name: line.name }; continue; }
        const seconds = new DataView(line.signature.buffer, line.signature.byteOffset).getBigUint64(0);
        const message = utf8(`cosignature/v1\ntime ${seconds}\n${receipt.note.text}`);
        if (await signedBy(key, line.signature.slice(8), message)) out.witnesses.push({ name: line.name, seconds });
        else out.fault ??= { word: "witness_bad", name: line.name };
        continue;
      }
      if (!own && key !== ruling) { out.fault ??= { word: "key_other", name: line.name, size }; continue; }
      const good = line.signature.length === 64 && await signedBy(key, line.signature, utf8(receipt.note.text));
      if (good) out.log ??= { name: line.name, id: line.id, word: own ? "key_own" : "key_site" };
      else out.fault ??= { word: "signature_bad", name: line.name };
    }
    return out;
  }

  // ---- what the bytes say -------------------------------------------------------------------------------------------

  function idText(bytes) {
    if (bytes.every((one) => one === 0)) return "";
    if (bytes[8] & 0x80) return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    return new TextDecoder("latin1").decode(bytes).replace(/\0+$/, "");
  }

  const dayText = (days) => new Date(Number(days) * EPOCH_DAY_MS).toISOString().slice(0, 10);
  const momentText = (micros) => new Date(Number(micros / 1000n)).toISOString().slice(0, 19).replace("T", " ");

  function itemText(number) {
    if (!number) return "";
    const digits = (number % 10n ** 18n).toString().padStart(18, "0").replace(/0+$/, "");
    return `${SCHEMES[number / 10n ** 18n] ?? "OTHER"}:${digits || "0"}`;
  }

  // docs/ledger.md, "Rows": little-endian. Accounts and acts are numbers here; their records say whose they are.
  function readRow(data) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const settled = view.getBigInt64(112, true), document = data.slice(88, 112);
    const all = {
      kind: String(view.getUint16(84, true)), result: String(view.getUint16(120, true)),
      amount: String(settled || view.getBigInt64(32, true)), debit: String(view.getUint32(64, true)),
      credit: String(view.getUint32(68, true)), item: itemText(view.getBigInt64(40, true)),
      quantity: view.getBigInt64(56, true) ? String(view.getBigInt64(56, true)) : "",
      region: view.getUint32(72, true) ? String(view.getUint32(72, true)) : "", date: dayText(view.getInt32(76, true)),
      subject: view.getUint32(80, true) ? String(view.getUint32(80, true)) : "", id: idText(data.slice(0, 16)),
      ref: idText(data.slice(16, 32)), document: document.some((one) => one) ? hex(document) : "",
      expires: view.getBigInt64(48, true) ? dayText(view.getBigInt64(48, true) / 86_400_000_000n) : "",
    };
    return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== ""));
  }

  function readRecord(text) {
    const record = JSON.parse(text);
    return Object.fromEntries(Object.entries(record).map(([name, value]) => [
      `field:${name}`, typeof value === "string" ? value : stable(value),
    ]));
  }

  // JSON with sorted names, spaced as the page writes it.
  function stable(value) {
    if (Array.isArray(value)) return `[${value.map(stable).join(", ")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}: ${stable(value[name])}`).join(", ")}}`;
  }

  const digits = (text) => text.replace(/[^0-9]/g, "").replace(/^0+(?=.)/, "");

  // A page writes figures and days as its language does; only their digits must be those of the sealed bytes.
  const AS_DIGITS = new Set(["entry", "amount", "debit", "credit", "quantity", "region", "subject", "kind", "result"]);
  function agrees(name, sealed, shown) {
    if (AS_DIGITS.has(name)) return digits(shown) === digits(sealed);
    if (name === "date" || name === "expires" || name === "time") {
      const [day, rest = ""] = sealed.split(" ");
      const turned = day.split("-").reverse().join("");
      const found = shown.replace(/[^0-9]/g, "");
      return [day.replaceAll("-", ""), turned].some((one) => found === one + rest.replaceAll(":", ""));
    }
    return shown.trim() === sealed;
  }

  // What no page of an entry may leave out.
  const NEEDED = { row: ["entry", "kind", "amount", "debit", "credit", "date"], record: ["entry", "time", "field:type"] };

  // What this page shows: not what its attributes claim, but the text that the reader sees.
  function compare(receipt, facts) {
    const rows = Array.from(document.querySelectorAll("[data-proved]"), (element) => {
      const name = element.dataset.proved, sealed = facts[name] ?? "";
      return { name, sealed, shown: element.textContent.trim(), same: agrees(name, sealed, element.textContent) };
    });
    for (const name of NEEDED[receipt.row ? "row" : "record"]) {
      if (!rows.some((row) => row.name === name)) rows.push({ name, sealed: facts[name] ?? "", shown: "–", same: false });
    }
    return rows;
  }

  // ---- the verdict --------------------------------------------------------------------------------------------------

  // Returns every step: {title, good, words: [[word, values]…]}; verdict is good, bad or half (nobody trusted signed).
  async function verify(text, { keys = [], given = [], page = null } = {}) {
    const steps = [];
    const fail = (title, word, values) => {
      steps.push({ title, good: false, words: [[word, values]] });
      return { verdict: "bad", steps, reason: word };
    };
    let receipt;
    try { receipt = readReceipt(text); }
    catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return fail("step_read", "no_form", { reason: `@${error.word}` });
    }
    const size = receipt.checkpoint.size;
    steps.push({ title: "step_read", good: true, words: [["read", { entry: receipt.entry, bytes: receipt.data.length }]] });
    const known = await Promise.all(keys.map(async (one) => ({ ...await readKey(one.key), after: one.after })));
    const own = await Promise.all(given.map(readKey));
    const leaf = await leafHash(receipt);
    const path = await climb(receipt.entry, size, leaf, receipt.proof);
    const signed = await checkSignatures(receipt, known, own);
    const facts = {
      entry: String(receipt.entry), time: momentText(receipt.time), ...(receipt.row ? readRow(receipt.data) : readRecord(receipt.text)),
    };
    const told = { receipt, leaf, path, facts, steps };

    const signers = [];
    if (signed.fault) signers.push([signed.fault.word, signed.fault]);
    else if (signed.log) signers.push([signed.log.word, signed.log]);
    else signers.push(["key_none", { names: receipt.note.signatures.map((one) => one.name).join(", ") }]);
    for (const one of signed.witnesses) signers.push(["witness_good", { name: one.name, time: momentText(one.seconds * 1_000_000n) }]);
    if (signed.unknown.length && signed.log) signers.push(["witness_unknown", { names: signed.unknown.join(", ") }]);
    const trusted = Boolean(signed.log) && !signed.fault;
    steps.push({ title: "step_key", good: trusted, words: signers, reason: signers[0][0] });
    steps.push({ title: "step_leaf", good: true, words: [["leaf", { hash: hex(leaf) }]] });
    const reaches = !path.fault && same(path.root, receipt.checkpoint.root);
    steps.push({
      title: "step_path", good: reaches, path: true, reason: path.fault ?? "path_bad",
      words: path.fault ? [[path.fault, { entry: receipt.entry, size }]]
        : [["path", { levels: path.steps.length, hash: hex(path.root) }], [reaches ? "root" : "path_bad", {}]],
    });
    let honest = true;
    if (page) {
      const rows = compare(receipt, facts);
      const wrong = rows.filter((row) => !row.same);
      const other = page.entry !== receipt.entry;
      honest = !wrong.length && !other;
      const words = other ? [["page_other", { entry: receipt.entry, other: page.entry }]]
        : wrong.length ? [["page_lies", { fields: wrong.map((row) => `#${row.name}`).join(", ") }]]
          : [["page_same", { number: rows.length }]];
      steps.push({ title: "step_page", good: honest, words, rows, reason: words[0][0] });
    }
    const first = steps.find((step) => !step.good);
    const verdict = !first ? "good" : reaches && honest && !signed.fault ? "half" : "bad";
    return { verdict, reason: first?.reason ?? "good", size, ...told };
  }

  window.boyauVerify = { verify, readKey, knowsEd25519, agrees };
})();
