// Draws a programme's document as a form. What is changed in it is changed in the document, and told by `changed`.
"use strict";

window.programmeForm = (told, changed) => {
  const t = told.texts;
  const SKELETONS = {
    holders: { classes: [] }, payees: { classes: [] }, ends: { classes: [] }, items: [], regions: [], hops: 1,
    window: { first: "2027-01-01", last: "2027-12-31" }, evidence: [""], documents: "once", acceptance: true,
    advance: "30%", retention: { share: "5%", days: 365 }, payee_limit: "1000000.00",
    lines: [{ item: "ENSTRU:42.11", quantity: "100.00", price: "1000.00" }],
    slice: { colour: "", share: "16/116", classes: [] }, approval: [{ above: "1000000.00", quorum: 1, classes: [] }],
    powers: { change: { quorum: 2, classes: [] } }, carry_from: [],
  };
  const RULE_NAMES = {
    holders: "holders.classes", payees: "payees.classes", ends: "ends.classes", window: "window.last",
  };
  const TEXTS = () => ({ kk: "", ru: "", en: "" });
  const NEW = {
    parameters: () => ({ type: "segment", default: "", what: TEXTS() }),
    classes: () => ({ what: TEXTS() }),
    colours: () => ({ name: "", path: "{root}/", title: TEXTS(), rules: {} }),
    evidence: () => ({ condition: "", owner: "", days: 5, what: TEXTS() }),
    approvals: () => ({ for: "payment", owner: "", days: 5, what: TEXTS() }),
  };
  const KEYS = { evidence: "condition", approvals: "for", colours: "name" };
  const LANGUAGES = { kk: "Қазақша", ru: "Русский", en: "English" };
  const open = new Set(["head"]);
  let number = 0;

  const el = (tag, facts = {}, ...inner) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(facts)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (name in made && name !== "list") made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...inner.filter((one) => one !== null));
    return made;
  };
  const label = (key) => LANGUAGES[key] ?? (key === "classes" ? t.of_kinds : null) ?? told.rules[key] ?? t[key] ?? key;
  const button = (text, act) => el("button", { type: "button", className: "quiet", textContent: text, onclick: act });
  const row = (name, input) => {
    input.id = `f${number += 1}`;
    return el("div", { className: "row" }, el("label", { htmlFor: input.id, textContent: name }), input);
  };
  const box = (path, title, ...inner) => {
    const made = el("details", { open: open.has(path) }, el("summary", { textContent: title }), ...inner);
    made.addEventListener("toggle", () => { if (made.open) open.add(path); else open.delete(path); });
    return made;
  };

  // ---- one value ----------------------------------------------------------------------------------------------------
  const plain = (where, key, value) => {
    const set = (next) => { where[key] = next; changed(); };
    if (typeof value === "boolean") return el("input", { type: "checkbox", checked: value, oninput: (e) => set(e.target.checked) });
    if (typeof value === "number") {
      return el("input", { type: "number", min: 0, value, oninput: (e) => set(Math.max(0, Math.trunc(Number(e.target.value) || 0))) });
    }
    if (Array.isArray(value)) {
      const split = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);
      return el("input", { type: "text", value: value.join(", "), title: t.list, oninput: (e) => set(split(e.target.value)) });
    }
    return el("input", { type: "text", value, spellcheck: false, oninput: (e) => set(e.target.value) });
  };
  const choice = (where, key, options) => {
    const made = el("select", { oninput: (e) => { where[key] = e.target.value; changed(); } });
    for (const [value, text] of options) made.append(el("option", { value, textContent: text, selected: where[key] === value }));
    return made;
  };
  const tables = (value) => Array.isArray(value) && value.length > 0 && value.every((one) => one && typeof one === "object");

  const fields = (where, path, skip = []) => Object.entries(where).filter(([key]) => !skip.includes(key)).map(([key, value]) => {
    if (key === "evidence" && path.endsWith(".rules")) return evidence(where, path);
    if (tables(value)) {
      return box(`${path}.${key}`, label(key), ...value.map((one, k) => el("div", { className: "inside" }, ...fields(one, `${path}.${key}.${k}`),
        el("div", { className: "tools" }, button(t.remove, () => { value.splice(k, 1); if (!value.length) delete where[key]; changed(true); })))),
      el("div", { className: "tools" }, button(t.add, () => { value.push(structuredClone(value.at(-1))); changed(true); })));
    }
    if (value && typeof value === "object" && !Array.isArray(value)) {
      return el("div", { className: "inside" }, el("p", { className: "small soft", textContent: path.endsWith(".powers") ? told.powers[key] ?? key : label(key) }),
        ...fields(value, `${path}.${key}`));
    }
    if (key === "type" && path.startsWith("parameters")) return row(label(key), choice(where, key, told.kinds.map((one) => [one, one])));
    if (key === "for") return row(label(key), choice(where, key, told.approvals.map((one) => [one, told.powers[one] ?? label(one)])));
    return row(label(key), plain(where, key, value));
  });

  // Conditions: a name alone is asked at payment, an object says at which stage.
  const evidence = (where, path) => {
    const list = Array.isArray(where.evidence) ? where.evidence : [];
    const keep = (k, condition, at) => { list[k] = at === "pay" ? condition : { condition, at }; changed(); };
    const lines = list.map((one, k) => {
      const at = { at: one.at ?? "pay" };
      const name = el("input", { type: "text", value: one.condition ?? one, oninput: () => keep(k, name.value, stage.value) });
      const stage = choice(at, "at", Object.entries(told.stages));
      stage.addEventListener("input", () => keep(k, name.value, stage.value));
      return el("div", { className: "inside" }, row(t.condition, name), row(t.at, stage),
        el("div", { className: "tools" }, button(t.remove, () => { list.splice(k, 1); if (!list.length) delete where.evidence; changed(true); })));
    });
    return box(`${path}.evidence`, label("evidence"), ...lines,
      el("div", { className: "tools" }, button(t.add, () => { list.push(""); where.evidence = list; changed(true); })));
  };

  const rules = (colour, path) => {
    const has = colour.rules ?? {};
    const kept = Object.keys(has).map((key) => box(`${path}.${key}`, label(RULE_NAMES[key] ?? key),
      ...fields({ [key]: has[key] }, path).length ? parts(has, key, path) : [],
      el("div", { className: "tools" }, button(t.remove, () => { delete has[key]; changed(true); }))));
    const adding = el("select", { "aria-label": t.rule, onchange: (e) => {
      if (!e.target.value) return;
      colour.rules = has;
      has[e.target.value] = structuredClone(SKELETONS[e.target.value]);
      open.add(`${path}.${e.target.value}`);
      changed(true);
    } }, el("option", { value: "", textContent: t.rule }));
    for (const key of Object.keys(SKELETONS)) if (!(key in has)) adding.append(el("option", { value: key, textContent: label(RULE_NAMES[key] ?? key) }));
    return [...kept, el("div", { className: "tools" }, adding)];
  };
  const parts = (has, key, path) => {
    const value = has[key];
    if (key === "evidence" || tables(value)) return fields(has, path, Object.keys(has).filter((one) => one !== key));
    if (value && typeof value === "object" && !Array.isArray(value)) return fields(value, `${path}.${key}`);
    return [row(label(RULE_NAMES[key] ?? key), plain(has, key, value))];
  };

  // ---- the whole ----------------------------------------------------------------------------------------------------
  const named = (source, section) => Object.entries(source[section] ?? {}).map(([name, body]) => {
    const rename = el("input", { type: "text", value: name, onchange: (e) => {
      const next = e.target.value.trim();
      if (!next || next in source[section]) { e.target.value = name; return; }
      source[section] = Object.fromEntries(Object.entries(source[section]).map(([key, one]) => [key === name ? next : key, one]));
      open.add(`${section}.${next}`);
      changed(true);
    } });
    return box(`${section}.${name}`, name, row(t.name, rename), ...fields(body, `${section}.${name}`),
      ...(section === "classes" ? optional(body, ["also", "count"], { also: [], count: 3 }) : optional(body, ["default", "example"], { default: "", example: "" })),
      el("div", { className: "tools" }, button(t.remove, () => { delete source[section][name]; changed(true); })));
  });
  const optional = (body, keys, skeletons) => {
    const missing = keys.filter((key) => !(key in body));
    if (!missing.length) return [];
    return [el("div", { className: "tools" }, ...missing.map((key) => button(`${t.add}: ${label(key)}`, () => { body[key] = structuredClone(skeletons[key]); changed(true); })))];
  };
  const listed = (source, section) => (source[section] ?? []).map((body, k) => {
    const path = `${section}.${k}`;
    return box(path, body[KEYS[section]] || "…", ...fields(body, path, ["rules"]),
      ...(section === "colours" ? [box(`${path}.rules`, t.rules, ...rules(body, `${path}.rules`))] : optional(body, ["escalation"], { escalation: [{ owner: "", days: 5 }] })),
      el("div", { className: "tools" }, button(t.remove, () => { source[section].splice(k, 1); changed(true); })));
  });

  return (source) => {
    number = 0;
    const add = (section) => button(t.add, () => {
      const made = NEW[section]();
      if (Array.isArray(source[section]) || KEYS[section]) (source[section] ??= []).push(made);
      else {
        source[section] ??= {};
        let name = "new";
        while (name in source[section]) name += "_1";
        source[section][name] = made;
        open.add(`${section}.${name}`);
      }
      open.add(section);
      changed(true);
    });
    const head = {};
    for (const key of ["name", "unit", "scale", "title", "summary"]) if (key in source) head[key] = source[key];
    const through = new Proxy(head, { set: (_, key, value) => { source[key] = value; head[key] = value; return true; } });
    return [
      box("head", t.head, ...fields(through, "head")),
      ...["parameters", "classes"].map((section) => box(section, t[section], ...named(source, section), el("div", { className: "tools" }, add(section)))),
      ...["colours", "evidence", "approvals"].map((section) => box(section, t[section], ...listed(source, section), el("div", { className: "tools" }, add(section)))),
    ];
  };
};
