// Decides on one command: approve, take back, send. What the service answers is said where the buttons are.
"use strict";

(() => {
  const place = document.getElementById("decide");
  if (!place) return;
  const verdict = document.getElementById("verdict"), signing = document.getElementById("sign");
  const buttons = [...place.querySelectorAll("button[data-act]")];
  let busy = false;

  function state(kind, text, ...more) {
    verdict.replaceChildren(boyau.element("p", text, `verdict ${kind}`), ...more);
  }

  async function act(what, more = {}) {
    if (busy) return;
    busy = true;
    for (const one of buttons) one.disabled = true;
    state("wait", place.dataset.wait);
    const by = document.getElementById("by")?.value;
    const body = what === "send" ? undefined : { ...(by ? { by } : {}), ...more };
    const answer = await boyau.ask(`/api/v1/approvals/${place.dataset.digest}/${what}`, body).catch(() => null);
    busy = false;
    for (const one of buttons) one.disabled = false;
    if (!answer) { state("bad", place.dataset.offline); return; }
    if (answer.ok && what === "send") {
      for (const one of buttons) one.hidden = true;
      const link = boyau.element("a", place.dataset.entry, "button");
      link.href = `/e/${answer.value.entry}`;
      state("good", place.dataset.sent, link);
      link.focus();
      return;
    }
    if (answer.ok) { location.reload(); return; }
    if (answer.value?.record && /^signature_/.test(answer.value.detail ?? "")) {
      verdict.replaceChildren();
      boyau.sign(signing, answer.value.record, (signed) => act(what, { ...signed, until: answer.value.record.until }));
      return;
    }
    state("bad", boyau.fill(place.dataset.failed, { reason: boyau.reason(answer, String(answer.status)) }));
  }

  for (const one of buttons) one.addEventListener("click", () => act(one.dataset.act));
})();
