// Shows what verify.js finds: on an entry's page the receipt is fetched, on /verify it is pasted, chosen or linked.
"use strict";

(() => {
  const { words, fields, keys } = JSON.parse(document.getElementById("verify-facts").textContent);
  const { verify, readKey, knowsEd25519 } = window.boyauVerify;
  const field = (name) => fields[name] ?? name.replace(/^field:/, "");
  const say = (word, values = {}) => words[word].replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name] ?? whole;
    if (typeof value !== "string") return String(value);
    return value.startsWith("@") ? words[value.slice(1)] : value.replace(/#([\w:]+)/g, (_, one) => field(one));
  });

  function make(tag, attributes = {}, ...inside) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...inside);
    return element;
  }

  const SVG = "http://www.w3.org/2000/svg";
  function draw(tag, attributes, text = "") {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  }

  // The way from the entry up to the root: at each level the neighbour stands on its side.
  function picture(found) {
    const { steps } = found.path, short = (bytes) => Array.from(bytes.slice(0, 4), (one) => one.toString(16).padStart(2, "0")).join("");
    const high = 34, wide = 420, middle = wide / 2, tall = high * (steps.length + 1) + 10;
    const svg = draw("svg", { viewBox: `0 0 ${wide} ${tall}`, class: "climb", role: "img", "aria-label": say("step_path") });
    const y = (level) => tall - 22 - level * high;
    const node = (x, level, bytes, kind, label) => {
      svg.append(draw("rect", { x: x - 46, y: y(level) - 11, width: 92, height: 22, rx: 4, class: kind }));
      svg.append(draw("text", { x, y: y(level) + 4, "text-anchor": "middle" }, short(bytes)));
      if (label) svg.append(draw("text", { x: x + 54, y: y(level) + 4, class: "name" }, label));
    };
    const lines = [];
    steps.forEach((step, level) => {
      const x = step.left ? middle - 130 : middle + 130;
      lines.push(draw("path", { d: `M${middle} ${y(level)}V${y(level + 1)}M${x} ${y(level)}L${middle} ${y(level + 1)}` }));
    });
    svg.append(...lines);
    steps.forEach((step, level) => {
      node(step.left ? middle - 130 : middle + 130, level, step.sibling, "sibling", "");
      node(middle, level + 1, step.hash, level + 1 === steps.length ? "top" : "own", "");
    });
    node(middle, 0, found.leaf, "leaf", "");
    return svg;
  }

  function levels(found) {
    const rows = found.path.steps.map((step, level) => make("li", {},
      make("span", { class: "soft" }, `${say("level", { number: level + 1 })}, ${say(step.left ? "left" : "right")}: `),
      make("code", {}, hexed(step.sibling)), " → ", make("code", {}, hexed(step.hash))));
    return make("ol", { class: "levels small" }, ...rows);
  }
  const hexed = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");

  function table(rows, heads) {
    const body = rows.map((cells) => make("tr", {}, ...cells.map((cell, k) => make(k ? "td" : "th",
      k ? { "data-label": heads[k] } : { scope: "row", "data-label": heads[k] }, make("span", {}, cell)))));
    return make("div", { class: "scroll" }, make("table", { class: "stack small" },
      make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, ...body)));
  }

  function show(out, found) {
    out.replaceChildren();
    const kind = found.verdict === "good" ? "good" : "bad";
    const values = { entry: found.receipt?.entry ?? "", size: found.size ?? "" };
    const first = found.steps.find((step) => !step.good);
    const verdict = make("div", { class: `notice ${kind}`, "data-verdict": found.verdict, "data-reason": found.reason },
      make("p", {}, make("strong", {}, say(found.verdict, values))));
    if (first) verdict.append(make("p", {}, first.words.map(([word, more]) => say(word, more)).join(" ")));
    out.append(verdict);
    const list = make("ol", { class: "steps proof-steps" });
    for (const step of found.steps) {
      const item = make("li", { class: step.good ? "good" : "bad" }, make("strong", {}, say(step.title)));
      for (const [word, more] of step.words) item.append(make("p", { class: "small" }, say(word, more)));
      if (step.path && found.path.steps.length) {
        item.append(make("details", {}, make("summary", {}, say("path", { levels: found.path.steps.length, hash: "" }).replace(/[\s.:]+$/, "")),
          picture(found), levels(found)));
      }
      if (step.rows) {
        item.append(table(step.rows.map((row) => [field(row.name), row.sealed, row.shown, say(row.same ? "same" : "differs")]),
          ["field", "sealed", "shown", "same"].map((word) => say(word))));
      }
      list.append(item);
    }
    out.append(list);
    if (found.facts && !found.steps.some((step) => step.rows)) {
      out.append(make("h3", {}, say("says")),
        table(Object.entries(found.facts).map(([name, text]) => [field(name), text]), ["field", "sealed"].map((word) => say(word))));
    }
    out.hidden = false;
    out.focus();
  }

  function fault(out, word, values) {
    out.replaceChildren(make("div", { class: "notice wait", "data-verdict": "none", "data-reason": word }, make("p", {}, say(word, values))));
    out.hidden = false;
    out.focus();
  }

  async function run(out, text, options) {
    if (!window.isSecureContext || !window.crypto?.subtle) return fault(out, "no_secure");
    if (!await knowsEd25519()) return fault(out, "no_crypto");
    return show(out, await verify(text, { keys, ...options }));
  }

  async function fetched(address) {
    const answer = await fetch(address, { headers: { accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }

  // An entry's page: one button.
  const button = document.getElementById("verify-entry");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const out = document.getElementById("verified");
      button.disabled = true;
      try { await run(out, await fetched(button.dataset.receipt), { page: { entry: Number(button.dataset.entry) } }); }
      catch (error) { fault(out, "fetch", { reason: String(error.message) }); }
      button.disabled = false;
    });
  }

  // The page on verifying: a receipt pasted, chosen as a file, or by the link of its entry.
  const form = document.getElementById("verify-form");
  if (form) {
    const out = document.getElementById("verified"), area = form.elements.receipt, file = form.elements.file;
    form.hidden = false;
    file.addEventListener("change", async () => { if (file.files[0]) area.value = await file.files[0].text(); });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const given = form.elements.keys.value.split("\n").map((line) => line.trim()).filter(Boolean);
      try { await Promise.all(given.map(readKey)); }
      catch { return fault(out, "no_form", { reason: "@shape" }); }
      let text = area.value.trim();
      // A link leads to this site's own receipts only: the policy of the page lets a script ask nobody else.
      const link = /^(?:https?:\/\/[^/]+)?\/e\/([^/\s]+)(?:\/receipt)?$/.exec(text) ?? /^([0-9]{1,18})$/.exec(text);
      try {
        if (link) area.value = text = await fetched(`/e/${link[1]}/receipt`);
        return await run(out, text, { given });
      } catch (error) { return fault(out, "fetch", { reason: String(error.message) }); }
    });
  }
})();
