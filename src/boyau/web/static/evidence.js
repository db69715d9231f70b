// Records about evidence: given, denied, appealed, asked for. What is wrong is said beside its field.
"use strict";

(() => {
  const signing = document.getElementById("sign");
  const whole = (text) => (/^[0-9]{1,3}$/.test(text) ? Number(text) : text);

  // What a form says as a record of the ledger (docs/formats.md).
  const records = {
    attestation: (form, value) => ({
      condition: form.dataset.condition,
      ...(form.dataset.subject ? { subject: form.dataset.subject } : { colour: form.dataset.colour }),
      by: value.by,
    }),
    denial: (form, value) => ({ request: form.dataset.request, by: value.by, reason: value.reason }),
    appeal: (form, value) => ({ request: form.dataset.request, by: value.by, reason: value.reason }),
    request: (form, value) => ({
      request: form.dataset.name ??= `q-${Date.now().toString(36)}-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`,
      condition: value.condition, colour: value.colour, by: value.by, owner: value.owner, days: whole(value.days),
      ...(value.subject ? { subject: value.subject } : {}),
      ...(value.next ? { escalation: [{ owner: value.next, days: whole(value.next_days) }] } : {}),
    }),
  };
  const FIELDS = { "escalation[0].owner": "next", "escalation[0].days": "next_days" };

  for (const form of document.querySelectorAll("form.act")) {
    const said = form.querySelector(".said"), button = form.querySelector("button[type=submit]");
    let busy = false;

    function state(kind, text) { said.replaceChildren(boyau.element("p", text, `verdict ${kind}`)); }

    function mark(name, text) {
      const input = form.elements.namedItem(name);
      const place = input?.id && document.getElementById(`err-${input.id}`);
      if (!place) return false;
      place.replaceChildren(...(text ? [boyau.element("p", text)] : []));
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      return true;
    }

    async function send(more = {}) {
      if (busy) return;
      const value = {};
      let first = null;
      for (const input of form.elements) {
        if (!input.name) continue;
        value[input.name] = input.value.trim();
        const lacking = input.required && !value[input.name];
        mark(input.name, lacking ? said.dataset.needed : "");
        if (lacking) first ??= input;
      }
      if (first) { first.focus(); return; }
      busy = button.disabled = true;
      state("wait", said.dataset.wait);
      const record = { type: form.dataset.act, ...records[form.dataset.act](form, value), ...more };
      const answer = await boyau.ask("/api/v1/records", record).catch(() => null);
      busy = button.disabled = false;
      if (!answer) { state("bad", said.dataset.offline); return; }
      if (answer.ok) {
        if (form.dataset.act === "request") location.assign(`/evidence/${encodeURIComponent(record.request)}`);
        else location.reload();
        return;
      }
      const told = answer.value ?? {}, reason = boyau.reason(answer, String(answer.status));
      if (/^signature_/.test(told.message ?? "")) {
        said.replaceChildren();
        delete record.at;
        delete record.signature;
        boyau.sign(signing, record, send);
        return;
      }
      state("bad", boyau.fill(said.dataset.failed, { reason }));
      const name = FIELDS[told.field] ?? told.field;
      if (name && mark(name, reason)) form.elements.namedItem(name).focus();
    }

    form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  }
})();
