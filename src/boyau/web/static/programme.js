// The editor of a programme: form and text follow each other, the server proves while one types, tries, installs.
"use strict";

(() => {
  const $ = (id) => document.getElementById(id);
  const editor = $("editor");
  if (!editor) return;
  const told = JSON.parse(editor.dataset.told);
  const t = told.texts;
  const WAIT_MS = 400;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  const words = document.documentElement.lang;
  const values = {};
  let source = null, plan = null, asked = 0, waiting = 0;

  const li = (kind, ...inner) => {
    const made = document.createElement("li");
    if (kind) made.className = kind;
    made.append(...inner);
    return made;
  };
  const span = (text, kind = "", tag = "span") => {
    const made = document.createElement(tag);
    made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const link = (address, text) => {
    const made = span(text, "", "a");
    made.href = address;
    return made;
  };
  const br = () => document.createElement("br");
  const say = (where, text, kind) => { where.textContent = text; where.className = `verdict ${kind}`; };

  // ---- form, text, proof --------------------------------------------------------------------------------------------
  const draw = window.programmeForm(told, (redraw) => {
    forget();
    later({ document: source }, "form");
    if (redraw) $("form").replaceChildren(...draw(source));
  });
  const forget = () => { plan = null; $("plan").hidden = true; $("install").disabled = true; };
  const later = (body, from) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => check(body, from), WAIT_MS);
  };
  const check = async (body, from) => {
    const turn = asked += 1;
    const answer = await window.boyau.ask("/api/v1/programmes/check", { ...body, values }).catch(() => null);
    if (turn !== asked) return;  // something newer is under way
    if (!answer?.ok) { say($("verdict"), answer?.value?.detail || answer?.value?.title || t.lost, "bad"); return; }
    const found = answer.value;
    if (from === "form") $("text").value = found.text;
    if (from !== "form" && found.document) {
      source = found.document;
      $("form").replaceChildren(...draw(source));
    }
    if (found.document) parameters(found.document);
    proof(found);
  };
  const proof = (found) => {
    const warnings = found.findings.length - found.errors;
    const days = Math.max(0, ...found.ways.map((way) => way.days));
    const tail = found.errors ? "" : ` ${fill(t.ways, { number: found.ways.length, days })}`;
    const more = warnings > 0 ? `, ${fill(t.warnings, { number: warnings })}` : "";
    say($("verdict"), (found.errors ? fill(t.errors, { number: found.errors }) + more : t.none + more) + tail, found.errors ? "bad" : "good");
    $("findings").replaceChildren(...found.findings.map((one) => {
      const bad = one.severity === "error";
      const place = [one.place, one.line ? fill(t.line, { number: one.line }) : ""].filter(Boolean).join(", ");
      const made = li(bad ? "bad" : "", span(`${told.severities[one.severity]}: ${one.message}`, "", "strong"), br());
      if (one.line) {
        const jump = span(place, "quiet small", "button");
        jump.type = "button";
        jump.addEventListener("click", () => to(one.line));
        made.append(jump);
      } else made.append(span(place, "small soft"));
      if (one.remedy) made.append(br(), span(one.remedy));
      return made;
    }));
  };
  const to = (line) => {
    const text = $("text"), lines = text.value.split("\n");
    const begin = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    text.focus();
    text.setSelectionRange(begin, begin + (lines[line - 1]?.length ?? 0));
    text.scrollTop = (line - 4) * parseFloat(getComputedStyle(text).lineHeight);
  };

  // ---- values -------------------------------------------------------------------------------------------------------
  const parameters = (document_) => {
    const wanted = Object.entries(document_.parameters ?? {});
    const shape = JSON.stringify(wanted);
    if ($("values").dataset.shape === shape) return;
    $("values").dataset.shape = shape;
    $("values").replaceChildren(...wanted.map(([name, one], k) => {
      const box = document.createElement("div"), label = document.createElement("label"), input = document.createElement("input");
      label.htmlFor = input.id = `v${k}`;
      label.textContent = one.what?.[words] ?? name;
      input.type = "text";
      input.name = name;
      input.value = values[name] ?? "";
      input.placeholder = one.default === undefined ? "" : String(one.default);
      input.required = one.default === undefined;
      input.addEventListener("input", () => {
        if (input.value) values[name] = input.value; else delete values[name];
        forget();
        later({ text: $("text").value }, "values");
      });
      const hint = span(`${name} · ${one.type}${one.default === undefined ? ` · ${t.needed}` : ""}`, "hint", "p");
      if (one.default === undefined && one.example !== undefined) input.placeholder = String(one.example);
      box.append(label, input, hint);
      return box;
    }));
  };

  // ---- trying -------------------------------------------------------------------------------------------------------
  const whole = () => ({ text: $("text").value, values });
  $("try").addEventListener("click", async () => {
    $("trying").textContent = "…";
    const answer = await window.boyau.ask("/api/v1/programmes/plan", whole()).catch(() => null);
    $("trying").textContent = "";
    forget();
    if (!answer?.ok) { $("trying").textContent = [answer?.value?.title ?? t.lost, answer?.value?.field, answer?.value?.detail].filter(Boolean).join(" · "); return; }
    show(answer.value);
  });
  const show = (found) => {
    plan = found;
    $("plan").hidden = false;
    $("how").hidden = !found.records.some((one) => one.state === "approval" && !one.proposed_by);
    const some = found.records.some((one) => ["new", "changes", "approval"].includes(one.state));
    $("install").disabled = !(found.ready && some);
    const kinds = { new: "good", changes: "good", approval: "here", later: "", same: "", refused: "bad" };
    $("records").replaceChildren(...found.records.map((one) => {
      const name = one.colour || fill(t.unit_record, { unit: one.record.unit });
      const made = li(one.allowed ? kinds[one.state] : "bad", span(name, "mono", "strong"), span(` · ${one.words}`));
      if (one.state === "approval") made.append(br(), span(fill(t.approve, { number: one.quorum, kinds: one.classes.join(", ") }), "small"));
      if (one.proposed_by) made.append(br(), span(fill(t.proposed, { who: one.proposed_by }), "small"));
      if (one.waits_for) made.append(br(), span(fill(t.later, { colour: one.waits_for }), "small"));
      if (!one.allowed) made.append(br(), span(t.forbidden, "small"));
      if (one.reason) made.append(br(), span([one.field, one.reason].filter(Boolean).join(": "), "small"));
      if (one.differences.length) {
        const list = span("", "changes", "ul");
        list.append(...one.differences.map((difference) => li("", span(difference.words))));
        made.append(list);
      }
      return made;
    }));
    if (!some && found.ready) $("records").append(li("", span(t.nothing)));
    const worst = found.findings.filter((one) => one.severity === "error");
    if (worst.length) $("records").append(...worst.map((one) => li("bad", span(`${one.place}: ${one.message}`))));
    $("records").scrollIntoView({ block: "nearest" });
  };

  // ---- installing ---------------------------------------------------------------------------------------------------
  $("install").addEventListener("click", async () => {
    if (!plan) return;
    $("install").disabled = true;
    const body = { ...whole(), plan: plan.plan };
    if ($("by")) body.by = $("by").value;
    if ($("until").value && !$("how").hidden) body.until = $("until").value;
    const answer = await window.boyau.ask("/api/v1/programmes/install", body).catch(() => null);
    const box = document.createElement("div");
    box.className = `notice ${answer?.ok ? "good" : "bad"}`;
    if (!answer?.ok) box.append(span([answer?.value?.title ?? t.lost, answer?.value?.detail].filter(Boolean).join(" "), "", "p"));
    const list = span("", "steps", "ul");
    for (const one of answer?.value?.records ?? []) {
      if (!one.result) continue;
      const made = li(one.result === "recorded" ? "good" : one.result === "proposed" ? "here" : "", span(one.colour, "mono", "strong"), span(" · "));
      if (one.result === "recorded") made.append(span(`${t.recorded}, `), link(`/e/${one.entry}`, fill(t.entry, { number: one.entry })));
      else if (one.result === "proposed") made.append(link(`/approvals/${one.digest}`, t.waits), span(` · ${fill(t.approve, { number: one.quorum, kinds: one.classes.join(", ") })}`));
      else if (one.result === "later") made.append(span(fill(t.later, { colour: one.message })));
      else made.append(span(one.result === "in_force" ? t.in_force : one.message || one.result));
      list.append(made);
    }
    if (list.childElementCount) box.append(list);
    $("done").replaceChildren(box);
    forget();
    box.scrollIntoView({ block: "nearest" });
  });

  $("save").addEventListener("click", () => {
    const file = URL.createObjectURL(new Blob([$("text").value], { type: "application/toml" }));
    const a = link(file, "");
    const name = /^name\s*=\s*"([a-z][a-z0-9_]*)"/m.exec($("text").value);
    a.download = `${name ? name[1] : editor.dataset.name}.toml`;
    a.click();
    URL.revokeObjectURL(file);
  });
  $("text").addEventListener("input", () => { forget(); later({ text: $("text").value }, "text"); });
  check({ text: $("text").value }, "text");
})();
