// Signing in: a one-time link makes the first passkey, a passkey makes a session. Nothing is kept in the browser but
// the session's cookie, which no script can read.
"use strict";

const said = document.getElementById("said");
const act = document.getElementById("act");
const roles = document.getElementById("roles");
const texts = document.body.dataset;
const on = document.getElementById("on");
const KEPT = "boyau-next";
let csrf = "";

// Where somebody wanted to go. The page has checked that it is a path of ours; a provider's answer brings none along,
// so it waits in this tab, and is checked again.
function wanted() {
  const kept = texts.next || sessionStorage.getItem(KEPT) || "";
  sessionStorage.removeItem(KEPT);
  if (!kept.startsWith("/") || new URL(kept, location.origin).origin !== location.origin) return "";
  return kept;
}

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function ask(path, body, method = "POST") {
  const headers = { "content-type": "application/json" };
  if (csrf) headers["x-csrf-token"] = csrf;
  const answer = await fetch("/api/v1" + path, {
    method, headers, body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.status === 204 ? null : answer.json();
}

function offer(label, work) {
  act.textContent = label;
  act.hidden = false;
  act.disabled = false;
  act.onclick = async () => {
    act.disabled = true;
    said.textContent = texts.wait;
    try {
      await work();
    } catch (error) {
      said.textContent = error.name === "NotAllowedError" ? texts.cancelled : texts.failed;
      act.disabled = false;
      act.focus();
    }
  };
}

function described(list) {
  return (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
}

async function make() {
  const { ceremony, publicKey } = await ask("/me/passkeys/options");
  const made = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
      excludeCredentials: described(publicKey.excludeCredentials),
    },
  });
  const credential = {
    id: made.id, rawId: text(made.rawId), type: made.type,
    response: {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
    clientExtensionResults: made.getClientExtensionResults(),
  };
  csrf = (await ask("/me/passkeys", { ceremony, credential })).csrf;
  await inside();
}

async function use() {
  const { ceremony, publicKey } = await ask("/sign-in/options");
  const got = await navigator.credentials.get({
    publicKey: {
      ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: described(publicKey.allowCredentials),
    },
  });
  const response = got.response;
  const credential = {
    id: got.id, rawId: text(got.rawId), type: got.type,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
    clientExtensionResults: got.getClientExtensionResults(),
  };
  csrf = (await ask("/sign-in", { ceremony, credential })).csrf;
  const next = wanted();
  if (next) location.replace(next);
  else await inside();
}

async function inside() {
  const me = await ask("/me", null, "GET");
  csrf = me.csrf;
  if (me.how === "link") { // the page was left, or its language changed, before the passkey was made
    said.textContent = texts.first;
    offer(texts.make, make);
    return;
  }
  said.textContent = texts.inside;
  on.hidden = false;
  act.classList.add("quiet");
  const next = wanted();
  if (next) {
    on.firstElementChild.href = next;
    on.firstElementChild.textContent = texts.on;
  }
  for (const one of document.querySelectorAll(".elsewhere")) one.hidden = true;
  const names = JSON.parse(roles.dataset.names);
  const lines = me.grants.map((one) => [names[one.role] ?? one.role, one.colour, one.participant].filter(Boolean).join(" · "));
  roles.replaceChildren(
    ...(lines.length ? lines : [texts.none]).map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }),
  );
  roles.setAttribute("aria-label", texts.roles);
  roles.hidden = false;
  offer(texts.out, async () => {
    await ask("/sign-out");
    csrf = "";
    roles.hidden = on.hidden = true;
    act.classList.remove("quiet");
    said.textContent = texts.welcome;
    offer(texts.begin, use);
  });
}

async function start() {
  const link = location.hash.startsWith("#link=") ? location.hash.slice(6) : "";
  if (link) history.replaceState(null, "", location.pathname + location.search); // it is worth a key: out of sight
  if (!window.PublicKeyCredential) {
    said.textContent = texts.unable;
    return;
  }
  if (link) {
    try {
      csrf = (await ask("/sign-in/link", { link })).csrf;
      said.textContent = texts.first;
      offer(texts.make, make);
    } catch {
      said.textContent = texts.spent;
      offer(texts.begin, use);
    }
    return;
  }
  try {
    await inside();
  } catch {
    offer(texts.begin, use);
  }
}

for (const one of document.querySelectorAll(".elsewhere a"))
  one.addEventListener("click", () => { if (texts.next) sessionStorage.setItem(KEPT, texts.next); });

start();
