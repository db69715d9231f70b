// The payment form: asks what would become of a payment while it is typed, and sends it once.
"use strict";

(() => {
  const form = document.getElementById("pay");
  if (!form) return;
  const facts = JSON.parse(form.dataset.facts), say = facts.texts;
  const verdict = document.getElementById("verdict"), send = document.getElementById("send");
  const propose = document.getElementById("propose"), speaker = document.getElementById("speaker");
  const lost = document.getElementById("lost"), signing = document.getElementById("sign");
  const KEPT = `boyau-pay ${facts.account}`, PAUSE_MS = 350, AGAIN_MS = 3000, FILE_BYTES_MAX = 512 << 20;
  const money = (minor) => boyau.money(minor, facts.scale, facts.sign, facts.language);
  const field = (name) => form.elements.namedItem(name);
  const touched = new Set();
  let turn = 0, timer = 0, busy = false, id = newId(), payees = [];

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  }

  // ---- what is typed, read ------------------------------------------------------------------------------------------

  function gather() {
    const operation = { op: facts.op, id, from: facts.account }, wrong = {};
    let minor = null;
    const read = {
      amount(text) {
        const found = boyau.amount(text, facts.scale);
        if (found.wrong) wrong.amount = boyau.fill(say[found.wrong], found);
        else [operation.amount, minor] = [found.text, found.minor];
      },
      quantity(text) {
        const found = boyau.amount(text, 3);
        if (found.wrong) wrong.quantity = boyau.fill(say[found.wrong], found);
        else operation.quantity = found.text;
      },
      to(text) {
        if (text.includes("@")) operation.to = text;
        else {
          const known = payees.filter((one) => one.account.split("@")[0] === text);
          if (known.length === 1) operation.to = known[0].account;
          else wrong.to = say.choose;
        }
      },
      hold(text) { operation.hold = text; operation.to = facts.payees[text]; },
      original(text) { operation.original = text; operation.to = facts.originals[text]; },
      expires(text) { operation.expires = `${text}T23:59:59Z`; },
      item(text) { operation.item = text.toUpperCase(); },
      document(text) {
        if (/^[0-9a-fA-F]{64}$/.test(text)) operation.document = text.toLowerCase();
        else wrong.document = boyau.fill(say.hash, { hash: "SHA-256" });
      },
    };
    for (const input of form.querySelectorAll("[name]")) {
      if (input.type === "hidden") continue;
      const text = input.value.trim();
      if (!text) { if (facts.needed.includes(input.name)) wrong[input.name] = say.needed; }
      else if (read[input.name]) read[input.name](text);
      else operation[input.name] = text;
    }
    return { operation, wrong, minor };
  }

  // ---- what is said -------------------------------------------------------------------------------------------------

  function mark(name, notes) {
    const place = document.getElementById(`err-${name}`), input = field(name);
    if (!place || !input) return;
    place.replaceChildren(...notes);
    if (notes.length) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  function clear() {
    for (const place of form.querySelectorAll(".wrong")) mark(place.id.slice(4), []);
  }

  function local(wrong, all) {
    for (const [name, text] of Object.entries(wrong))
      if (all || (touched.has(name) && field(name).value.trim())) mark(name, [boyau.element("p", text)]);
  }

  function state(kind, text, ...more) {
    verdict.replaceChildren(boyau.element("p", text, `verdict ${kind}`), ...more);
  }

  function means(minor) {
    const hint = document.getElementById("hint-amount");
    hint.dataset.said ??= hint.textContent;
    hint.textContent = minor === null ? hint.dataset.said : boyau.fill(say.means, { amount: money(minor) });
  }

  function remains(minor) {
    const hold = facts.kind === "hold" ? facts.holds[field("hold").value] : undefined;
    const list = document.getElementById("remains"), after = minor ?? 0n;
    const rows = facts.kind === "hold" ? [] : [[say.after, BigInt(facts.available) - after]];
    if (hold !== undefined) rows.push([say.afterhold, BigInt(hold) - after]);
    for (const one of facts.limits)
      rows.push([boyau.fill(say.afterlimit, { limit: one.name, colour: one.colour }), BigInt(one.left) - after]);
    list.replaceChildren(...rows.flatMap(([name, left]) => [
      boyau.element("dt", name), boyau.element("dd", money(left), left < 0n ? "n below" : "n"),
    ]));
  }

  function told(finding) {
    const note = boyau.element("p");
    note.append(boyau.element("strong", finding.reason), ` ${finding.remedy ?? ""}`);
    return note;
  }

  function show(findings) {
    clear();
    const approval = findings.find((one) => one.result === "approval_missing");
    const others = findings.filter((one) => one !== approval), by = {};
    for (const one of others) (by[facts.fields[one.result]] ??= []).push(told(one));
    for (const [name, notes] of Object.entries(by)) mark(name, notes);
    const mine = approval && !others.length && facts.may.propose;
    propose.hidden = !mine || !facts.speakers.length;
    speaker.hidden = propose.hidden || facts.speakers.length < 2;
    send.hidden = Boolean(approval) && !others.length;
    if (!findings.length) { state("good", say.good); return; }
    if (!others.length) {
      const needed = approval.approval ?? {}, notes = [];
      const kinds = (needed.classes ?? []).map((one) => facts.classes[one] ?? one).join(", ");
      if (needed.approved?.length) notes.push(boyau.element("p", boyau.fill(say.approved, { names: needed.approved.join(", ") })));
      if (needed.excluded?.length) notes.push(boyau.element("p", boyau.fill(say.never, { names: needed.excluded.join(", ") }), "small soft"));
      if (!facts.speakers.length) notes.push(boyau.element("p", say.proposeas));
      state("wait", boyau.fill(say.approval, { number: needed.quorum ?? "", kinds }), ...notes);
      return;
    }
    const list = boyau.element("ol", "", "failed");
    for (const one of findings) {
      const item = boyau.element("li"), name = facts.fields[one.result];
      if (name && field(name)) {
        const link = boyau.element("a", facts.names[name]);
        link.href = `#f-${name}`;
        link.onclick = (event) => { event.preventDefault(); field(name).focus(); };
        item.append(link, `: ${one.reason}`); // what to do about it stands beside the field
      } else item.append(told(one));
      if (one.colour) {
        const origin = boyau.element("a", one.colour, "small");
        origin.href = one.entry >= 0 ? `/e/${one.entry}` : `/colours/${one.colour}`;
        item.append(" ", origin);
      }
      list.append(item);
    }
    state("bad", boyau.fill(say.bad, { number: findings.length }), list);
  }

  // ---- asking while somebody types ----------------------------------------------------------------------------------

  async function explain() {
    const now = ++turn, { operation, wrong, minor } = gather();
    means(minor);
    remains(minor);
    if (Object.keys(wrong).length) {
      clear();
      local(wrong, false);
      propose.hidden = speaker.hidden = true;
      send.hidden = false;
      state("", say.incomplete);
      return;
    }
    let answer;
    try { answer = await boyau.ask("/api/v1/explain", operation); } catch { answer = null; }
    if (now !== turn || busy) return;
    if (!answer) state("wait", say.offline);
    else if (answer.ok) show(answer.value.findings);
    else if (answer.status === 422 && answer.value?.field) unreadable(answer);
    else if (answer.status === 401) state("wait", say.signin);
    else if (answer.status === 429 || answer.status === 503) { state("wait", say.busy); later(AGAIN_MS); }
    else state("bad", boyau.fill(say.tell, { reason: boyau.reason(answer, String(answer.status)) }));
  }

  function unreadable(answer) {
    clear();
    mark(answer.value.field, [boyau.element("p", answer.value.title)]);
    state("bad", boyau.fill(say.tell, { reason: `${facts.names[answer.value.field] ?? answer.value.field}: ${answer.value.title}` }));
  }

  function later(pause = PAUSE_MS) {
    clearTimeout(timer);
    timer = setTimeout(explain, pause);
  }

  let asked = 0;
  async function suggest(text) {
    const now = ++asked;
    if (text.length < 2 || text.includes("@")) return;
    const answer = await boyau.ask(`${location.pathname.replace(/\/pay$/, "/payees")}?q=${encodeURIComponent(text)}`, undefined, "GET").catch(() => null);
    if (now !== asked || !answer?.ok) return;
    payees = answer.value.items;
    document.getElementById("payees").replaceChildren(...payees.map((one) => {
      const option = boyau.element("option", `${one.who} · ${one.colour}`);
      option.value = one.account;
      return option;
    }));
    later(0);
  }

  let slow = 0;
  form.addEventListener("input", (event) => {
    if (event.target.name) touched.add(event.target.name);
    if (event.target.name === "to") {
      clearTimeout(slow);
      slow = setTimeout(() => suggest(event.target.value.trim()), PAUSE_MS);
    }
    later();
  });

  const file = document.getElementById("f-file");
  if (file) {
    file.hidden = false;
    file.addEventListener("change", async () => {
      const hint = document.getElementById("hint-document"), chosen = file.files[0];
      if (!chosen) return;
      hint.textContent = say.hashing;
      try {
        if (chosen.size > FILE_BYTES_MAX) throw new RangeError("too large");
        const digest = await crypto.subtle.digest("SHA-256", await chosen.arrayBuffer());
        field("document").value = Array.from(new Uint8Array(digest), (one) => one.toString(16).padStart(2, "0")).join("");
        hint.textContent = say.hashed;
      } catch {
        hint.textContent = say.unread;
      }
      later(0);
    });
  }

  // ---- sending, once ------------------------------------------------------------------------------------------------

  function keep(operation) {
    if (operation) localStorage.setItem(KEPT, JSON.stringify(operation));
    else localStorage.removeItem(KEPT);
  }

  function still() {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(KEPT)); } catch { localStorage.removeItem(KEPT); }
    lost.hidden = !kept;
    send.disabled = propose.disabled = busy || Boolean(kept);
    if (kept) {
      const minor = BigInt(String(kept.amount ?? "0").replace(".", ""));
      lost.querySelector("p").textContent = boyau.fill(say.lost, { amount: money(minor), to: kept.to ?? kept.hold ?? "" });
      lost.querySelector("button").onclick = () => post(kept);
    }
  }

  async function post(operation) {
    if (busy) return;
    busy = true;
    keep(operation);
    lost.hidden = true;
    send.disabled = true;
    state("wait", say.sending);
    let answer = null;
    try { answer = await boyau.ask("/api/v1/transfers", operation); } catch { /* whether it arrived is not known */ }
    busy = false;
    // Of a server that failed nobody knows what it kept: the number stays, and with it the payment is asked for again.
    if (!answer || answer.status >= 500) {
      state("wait", answer ? say.busy : say.offline);
      still();
      return;
    }
    keep(null);
    still();
    if (answer.status === 401 || answer.status === 429) { // at the door: nothing of it went in
      state("wait", answer.status === 401 ? say.signin : say.busy);
      return;
    }
    if (answer.ok) { done(answer.value); return; }
    id = newId();
    if (answer.value?.findings?.length) show(answer.value.findings);
    else if (answer.value?.field) unreadable(answer);
    else state("bad", boyau.fill(say.tell, { reason: boyau.reason(answer, String(answer.status)) }));
    first();
  }

  function done(value) {
    form.reset();
    id = newId();
    const link = boyau.element("a", say.entry, "button");
    link.href = `/e/${value.entry}`;
    state("good", value.result === "exists" ? say.exists : say.posted, link);
    if (value.result === "exists") link.focus();
    else location.assign(link.href);
  }

  function first() {
    const wrong = form.querySelector("[aria-invalid=true]");
    if (wrong) wrong.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (busy || send.disabled) return;
    clearTimeout(timer);
    const { operation, wrong } = gather();
    turn += 1;
    if (Object.keys(wrong).length) {
      clear();
      local(wrong, true);
      state("bad", say.incomplete);
      first();
      return;
    }
    post(operation);
  });

  async function offer(more = {}) {
    const { operation } = gather();
    const by = facts.speakers.length > 1 ? speaker.querySelector("select").value : facts.speakers[0];
    propose.disabled = true;
    const answer = await boyau.ask("/api/v1/approvals", { command: operation, by, ...more }).catch(() => null);
    propose.disabled = false;
    if (answer?.ok) { location.assign(`/approvals/${answer.value.digest}`); return; }
    if (answer?.value?.record && /^signature_/.test(answer.value.detail ?? "")) {
      boyau.sign(signing, answer.value.record, offer);
      return;
    }
    state("bad", answer ? boyau.fill(say.tell, { reason: boyau.reason(answer, String(answer.status)) }) : say.offline);
  }
  propose.addEventListener("click", () => offer());

  speaker.querySelector("select").replaceChildren(...facts.speakers.map((one) => boyau.element("option", one)));
  send.textContent = send.dataset.script;
  still();
  if (field("amount").value) later(0); else remains(null);
})();
