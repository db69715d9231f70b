// What the pages of those who work share: sums as text, and records that are signed with a key of one's own.
"use strict";

(() => {
  const SPACES = /[\s\u00a0\u202f\u2009'\u2019_]/g;
  const SIGN = /(?:₸|KZT|тг\.?|тенге|теңге)$/i;
  const AMOUNT_MAX = (1n << 62n) - 1n;

  // Reads a sum as people write it. The rules are those of web/typed.py, and a test asks both the same questions.
  boyau.amount = (text, scale) => {
    const bare = text.replace(SPACES, "").replace(SIGN, "");
    if (!bare) return { wrong: "empty" };
    if (/^[-\u2212\u2013(]/.test(bare)) return { wrong: "negative" };
    if (!/^[0-9][0-9.,]*$/.test(bare) || text.length > 60) return { wrong: "digits" };
    const marks = bare.match(/[.,]/g) ?? [], groups = bare.split(/[.,]/);
    const thousands = (of) => of[0].length > 0 && of[0].length <= 3 && of.slice(1).every((one) => one.length === 3);
    let whole = bare, fraction = "";
    if (marks.length && new Set(marks).size === 1) {
      if (marks.length > 1) {
        if (!thousands(groups)) return { wrong: "digits" };
        whole = groups.join("");
      } else {
        if (groups[1].length === 3 && scale < 3 && groups[0].length <= 3)
          return { wrong: "which", one: groups[0] + groups[1], other: `${groups[0]},${groups[1].replace(/0+$/, "") || "0"}` };
        [whole, fraction] = groups;
      }
    } else if (marks.length) {
      const last = marks.at(-1), before = marks.slice(0, -1);
      if (new Set(before).size !== 1 || before.includes(last) || !thousands(groups.slice(0, -1))) return { wrong: "digits" };
      whole = groups.slice(0, -1).join("");
      fraction = groups.at(-1);
    }
    fraction = fraction.replace(/0+$/, "");
    if (fraction.length > scale) return { wrong: "places", number: scale };
    const minor = BigInt(whole + fraction.padEnd(scale, "0"));
    if (minor === 0n) return { wrong: "zero" };
    if (minor > AMOUNT_MAX) return { wrong: "large" };
    whole = whole.replace(/^0+/, "") || "0";
    return { text: scale ? `${whole}.${fraction.padEnd(scale, "0")}` : whole, minor };
  };

  // Writes a sum of minor units as the page's language does, every digit.
  boyau.money = (minor, scale, sign, language) => {
    const digits = (minor < 0n ? -minor : minor).toString().padStart(scale + 1, "0");
    const whole = digits.slice(0, digits.length - scale).replace(/\B(?=(\d{3})+$)/g, language === "en" ? "," : "\u00a0");
    const fraction = scale ? (language === "en" ? "." : ",") + digits.slice(-scale) : "";
    return `${minor < 0n ? "\u2212" : ""}${whole}${fraction}\u00a0${sign}`;
  };

  boyau.fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));

  boyau.element = (name, text, kind) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  // Shows the record that must be signed, and the command that signs it; *again* is asked with what was pasted.
  boyau.sign = (box, record, again) => {
    const line = JSON.stringify(record).replace(/'/g, "'\\''");
    box.querySelector("pre").textContent = `printf '%s\\n' '${line}' | boyau sign - --key MY.key`;
    box.hidden = false;
    const pasted = box.querySelector("textarea"), wrong = box.querySelector(".wrong");
    box.querySelector("button").onclick = () => {
      wrong.replaceChildren();
      pasted.removeAttribute("aria-invalid");
      let signed = null;
      try { signed = JSON.parse(pasted.value.trim()); } catch { /* said below */ }
      if (signed && typeof signed.signature === "string" && typeof signed.at === "string") {
        again({ at: signed.at, signature: signed.signature });
        return;
      }
      pasted.setAttribute("aria-invalid", "true");
      wrong.append(boyau.element("p", box.dataset.wrong));
      pasted.focus();
    };
    pasted.focus();
  };

  // What went wrong, in the reader's words where the service said any.
  boyau.reason = (answer, otherwise) => {
    const value = answer?.value ?? {};
    return [value.title, value.detail].filter(Boolean).join(" ") || otherwise;
  };
})();
