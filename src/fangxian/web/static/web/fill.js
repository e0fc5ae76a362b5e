"use strict";
// A form's page: shows what is asked, says at once what is amiss, and keeps what is filled in on this device until it was
// taken. Without this script the page is an ordinary form. What lies in the queue is sealed (AES-GCM) under a key that the
// page of its account or family brings, and is deleted when it was taken.
(() => {
  const body = document.body, say = body.dataset, owner = say.owner, $ = (id) => document.getElementById(id);
  const form = $("form"), rules = $("rules") && JSON.parse($("rules").textContent);
  const put = (words, facts) => words.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
  const el = (tag, props = {}, ...children) => { const made = Object.assign(document.createElement(tag), props); made.append(...children); return made; };
  const loaded = Date.now();
  let reached = !("kept" in say); // a browser may think itself on line where no page comes through
  const online = () => navigator.onLine && reached;

  // ------------------------------------------------------------------------------------------------ the queue
  const opened = () => new Promise((resolve, reject) => {
    const asked = indexedDB.open("fangxian", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("queue", { keyPath: "id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const store = async (mode, act) => {
    const db = await opened();
    try {
      return await new Promise((resolve, reject) => {
        const change = db.transaction("queue", mode, { durability: "strict" }), asked = act(change.objectStore("queue"));
        change.oncomplete = () => resolve(asked.result);
        change.onabort = change.onerror = () => reject(change.error);
      });
    } finally { db.close(); }
  };
  const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const key = () => crypto.subtle.importKey("raw", bytes(say.key), "AES-GCM", false, ["encrypt", "decrypt"]);
  const seal = async (item) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(), new TextEncoder().encode(JSON.stringify(item))) };
  };
  const open = async ({ iv, sealed }) => JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await key(), sealed)));
  const mine = async () => (await store("readonly", (all) => all.getAll())).filter((one) => one.owner === owner);
  const write = (row) => store("readwrite", (all) => all.put(row));
  const keep = async (item) => write({ id: item.id, owner, state: "waiting", ...(await seal(item)) });
  const drop = (id) => store("readwrite", (all) => all.delete(id));

  const asForm = (item, token) => {
    const data = new FormData();
    if (token) data.append("csrfmiddlewaretoken", token);
    for (const [name, value] of item.fields) data.append(name, value);
    for (const [name, type, base64] of item.files) data.append(name, new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], { type }), "photo");
    return data;
  };
  const base64 = async (blob) => {
    let text = "";
    for (const one of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(one);
    return btoa(text);
  };

  class SignedOut extends Error {}
  const token = async () => {
    if ("family" in say) return "";
    const answer = await fetch("/queue/", { headers: { Accept: "application/json" } });
    if (answer.status >= 500) throw new TypeError("later");
    const told = answer.ok && !answer.redirected ? await answer.json() : {};
    if (told.owner !== owner) throw new SignedOut();
    return told.token;
  };
  const send = async (item, csrf) => {
    const answer = await fetch(item.url, { method: "POST", body: asForm(item, csrf), headers: { Accept: "application/json" } });
    if (answer.status >= 500 || [401, 403, 408, 429].includes(answer.status)) throw new TypeError("later");
    return answer.json();
  };

  let flushing = null;
  const flush = (wanted) => flushing ||= (async () => {
    let answer = null, signedOut = false;
    try {
      const waiting = (await mine()).filter((row) => row.state === "waiting");
      const csrf = waiting.length ? await token() : "";
      for (const row of waiting) {
        const item = await open(row), told = await send(item, csrf);
        if (told.outcome === "taken" || row.id === wanted) await drop(row.id);
        else await write({ ...row, state: "refused", ...(await seal({ ...item, told })) });
        if (row.id === wanted) answer = told;
      }
      reached ||= waiting.length > 0;
    } catch (error) {
      signedOut = error instanceof SignedOut;
      reached &&= signedOut || error.message === "later";
      if (!signedOut && !(error instanceof TypeError)) console.warn(error.name);
    }
    again(await show(signedOut));
    button();
    return answer;
  })().finally(() => { flushing = null; });
  // A signal comes back before the network does: what still waits is tried after 1 s, 2 s, 4 s … and then every 30 s.
  let pause = 1000, timer = 0;
  const again = (waiting) => {
    clearTimeout(timer);
    if (!waiting) { pause = 1000; return; }
    timer = setTimeout(() => flush(), pause);
    pause = Math.min(pause * 2, 30000);
  };

  const sentences = (told) => [...(told.problems || []), ...Object.values(told.faults || {}).flatMap((one) => Object.values(one)), told.detail].filter(Boolean);
  let had = false;
  const show = async (signedOut = false) => {
    const box = $("queue"), rows = await mine(), waiting = rows.filter((row) => row.state === "waiting").length;
    const parts = [];
    if (waiting) parts.push(el("p", {}, el("b", { textContent: put(say.unsent, { count: waiting }) })));
    if (waiting && signedOut) parts.push(el("p", {}, say.login + " ", el("a", { href: `/accounts/login/?next=${encodeURIComponent(location.pathname)}`, textContent: say.signIn })));
    for (const row of rows.filter((one) => one.state === "refused")) {
      const item = await open(row);
      const away = el("button", { type: "button", className: "btn", textContent: say.drop });
      away.onclick = async () => { if (confirm(say.sure)) { await drop(row.id); show(); } };
      parts.push(el("div", { className: "f-refused" }, el("p", {}, el("b", { textContent: `${say.refused} ` }), item.title), el("ul", {}, ...sentences(item.told).map((s) => el("li", { textContent: s }))),
        el("p", { className: "acts" }, el("a", { className: "btn", href: `${item.url}#mend=${row.id}`, textContent: say.mend }), away)));
    }
    if (!parts.length && had) parts.push(el("p", {}, el("b", { textContent: say.gone })));
    had ||= rows.length > 0;
    box.replaceChildren(...parts);
    box.hidden = !parts.length;
    box.classList.toggle("info", !rows.length);
    return waiting;
  };

  // ------------------------------------------------------------------------------------------------ the sheets
  const sheets = () => [...form.querySelectorAll("[data-sheet]")];
  const offset = () => +(localStorage.getItem("fx-offset") || 0);
  const happened = () => {
    if (form.dataset.still) return form.dataset.now;
    if (!("kept" in say)) localStorage.setItem("fx-offset", Date.parse(form.dataset.now) - loaded);
    return new Date(Date.now() + offset()).toISOString();
  };
  const today = () => new fxRules.Day(Math.floor((Date.parse(happened()) + 8 * 3600000) / 86400000));
  // A sheet's or a row's own questions; a repeat's rows stand within its box.
  const own = (scope, what) => [...scope.querySelectorAll(what)].filter((one) => one.parentElement.closest("[data-row],[data-sheet]") === scope);
  const boxes = (scope) => own(scope, "[data-q]");
  const rowsOf = (box) => [...box.querySelectorAll("[data-row]")].filter((row) => row.parentElement.closest("[data-q]") === box);
  const raws = (scope) => {
    const found = {};
    for (const box of boxes(scope)) {
      if (box.dataset.t === "repeat") { found[box.dataset.q] = rowsOf(box).map(raws); continue; }
      const inputs = [...box.querySelectorAll("input:not([type=hidden]),textarea")];
      found[box.dataset.q] = inputs.map((one) => one.type === "radio" || one.type === "checkbox" ? (one.checked ? one.value : "") : one.type === "file" ? (one.files.length || one.dataset.held ? "photo" : "") : one.value.trim()).filter(Boolean).join(" ");
    }
    return found;
  };
  const sentence = (q, code) => put(rules.words[code], { question: q.label, expected: q.expected, message: q.message || rules.other });
  const fault = (box, words) => {
    const err = box.querySelector(".err");
    if (!err) return;
    err.textContent = words; err.hidden = !words;
    box.classList.toggle("bad", !!words);
    const control = box.matches("fieldset") ? box : box.querySelector("input,textarea");
    control.setAttribute("aria-invalid", words ? "true" : "false");
    if (words) control.setAttribute("aria-describedby", [...new Set([...(control.getAttribute("aria-describedby") || "").split(" ").filter(Boolean), err.id])].join(" "));
  };
  const draw = (sheet) => { // relevance and choices; a fault that was mended goes
    const told = fxRules.check(rules, raws(sheet), today());
    apply(sheet, told);
    return told;
  };
  const apply = (scope, { asked, offered, faults, rows }) => {
    for (const head of own(scope, ".f-group")) head.hidden = head.dataset.of.split(" ").every((name) => asked[name] === false);
    for (const box of boxes(scope)) {
      const name = box.dataset.q;
      box.hidden = asked[name] === false;
      for (const input of offered[name] ? box.querySelectorAll("input") : []) input.closest("label").hidden = !offered[name].has(input.value);
      if (!faults[name] || box.hidden) fault(box, "");
      if (rows[name]) rowsOf(box).forEach((row, at) => apply(row, rows[name][at]));
    }
  };
  const summary = (entries) => {
    const box = $("errors");
    box.querySelector("ul").replaceChildren(...entries.map(([box, words, name]) => el("li", {}, box ? el("a", { href: `#${(box.querySelector("[id]:is(input,textarea)") || box).id}`, textContent: (name ? `${name}: ` : "") + words }) : words)));
    box.hidden = !entries.length;
    if (entries.length) { box.focus(); box.scrollIntoView({ block: "start" }); }
  };
  const named = (sheet) => sheets().length > 1 ? sheet.querySelector("h2")?.firstChild.textContent.trim() || "" : "";
  const boxOf = (scope, name) => { // also `trips[2].where`, of the second row in which anything is written
    const [, first, at, rest] = /^(.+?)\[([0-9]+)\]\.(.+)$/.exec(name) || [, name];
    const box = boxes(scope).find((one) => one.dataset.q === first);
    if (!box || !rest) return box;
    const row = rowsOf(box).filter((one) => !fxRules.blank(raws(one)))[at - 1];
    return row && boxOf(row, rest);
  };
  const amissIn = (scope, questions, { faults, rows }) => questions.flatMap((q) => {
    const box = faults[q.name] && boxOf(scope, q.name);
    if (!box) return [];
    if (faults[q.name] === "rows") return rowsOf(box).flatMap((row, at) => amissIn(row, q.children, rows[q.name][at]));
    const words = sentence(q, faults[q.name]);
    fault(box, words);
    return [[box, words]];
  });
  const amiss = () => sheets().flatMap((sheet) => amissIn(sheet, rules.questions, draw(sheet))
    .sort((a, b) => a[0].compareDocumentPosition(b[0]) & 4 ? -1 : 1).map(([box, words]) => [box, words, named(sheet)]));
  const refused = (told) => summary([
    ...(told.problems || []).concat(told.detail || []).map((words) => [null, words]),
    ...Object.entries(told.faults || {}).flatMap(([key, found]) => Object.entries(found).map(([name, words]) => {
      const sheet = form.querySelector(`[data-sheet="${CSS.escape(key)}"]`), box = sheet && boxOf(sheet, name);
      if (box) { box.hidden = false; fault(box, words); }
      return [box, words, sheet ? named(sheet) : ""];
    })),
  ]);

  // ------------------------------------------------------------------------------------------------ a class
  const put_away = {};
  const seats = () => [...form.querySelectorAll("input[data-key]")];
  const sit = (seat) => {
    const at = seat.dataset.key, here = form.querySelector(`[data-sheet="${CSS.escape(at)}"]`);
    if (!seat.checked) { if (here) { put_away[at] = here; here.remove(); } }
    else if (!here) {
      let sheet = put_away[at];
      if (!sheet) {
        const blank = $("blank").innerHTML.replaceAll("__key__", at), made = document.createElement("template");
        made.innerHTML = blank;
        sheet = made.content.querySelector("[data-sheet]");
        sheet.prepend(el("h2", { textContent: seat.closest("label").querySelector("span").textContent }));
      }
      $("sheets").append(sheet);
      dress(sheet);
    }
    button();
  };

  // ------------------------------------------------------------------------------------------------ rows of a repeat
  const count = (box) => rowsOf(box).forEach((row, at) => { row.querySelector("[data-n]").textContent = at + 1; });
  const grow = (box, mark) => {
    const blank = box.querySelector(":scope > template"), made = document.createElement("template");
    const next = 1 + Math.max(0, ...rowsOf(box).map((row) => +row.dataset.row));
    made.innerHTML = blank.innerHTML.replaceAll(blank.dataset.mark, mark || next);
    const row = made.content.querySelector("[data-row]");
    box.querySelector(".f-rows").append(row);
    count(box);
    dress(row);
    return row;
  };
  const resize = (box, marks) => { rowsOf(box).forEach((row) => row.remove()); marks.forEach((mark) => grow(box, mark)); };
  const change = (event) => {
    const button = event.target.closest("button[name=add],button[name=drop]");
    if (!button) return;
    event.preventDefault();
    const box = button.closest("[data-t=repeat]"), sheet = box.closest("[data-sheet]");
    if (button.name === "add") grow(box).querySelector("input:not([type=hidden]),textarea").focus();
    else { button.closest("[data-row]").remove(); count(box); box.querySelector(":scope > p [name=add]").focus(); }
    draw(sheet);
  };

  // ------------------------------------------------------------------------------------------------ photo and place
  const SIDE = 1600;
  const shrunk = async (file) => {
    if (!file.type.startsWith("image/")) return file;
    try {
      const image = await createImageBitmap(file, { imageOrientation: "from-image" }), scale = Math.min(1, SIDE / Math.max(image.width, image.height));
      const canvas = el("canvas", { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8)); // drawn anew: where it was taken stays behind
      return made || file;
    } catch { return file; }
  };
  const locate = (button) => {
    const input = button.previousElementSibling;
    navigator.geolocation.getCurrentPosition(({ coords: c }) => {
      input.value = `${c.latitude.toFixed(5)} ${c.longitude.toFixed(5)}`;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, () => input.focus(), { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 });
  };
  const dress = (sheet) => {
    for (const one of sheet.querySelectorAll("[data-geo]")) if (navigator.geolocation) { one.hidden = false; one.onclick = () => locate(one); }
    draw(sheet.closest("[data-sheet]"));
  };

  // ------------------------------------------------------------------------------------------------ sending
  const button = () => {
    if (!form || !$("send") || busy) return;
    const all = seats(), ill = all.filter((one) => one.checked).length, words = $("send").dataset;
    $("send").textContent = put(online() ? words.now : words.later, { well: all.length - ill, ill });
    $("offline").hidden = online();
  };
  const gather = async () => {
    const data = new FormData(form), fields = [], files = [], hidden = new Set();
    for (const box of form.querySelectorAll("[data-q][hidden]")) for (const input of box.querySelectorAll("[name]")) hidden.add(input.name);
    data.set("happened", happened());
    for (const [name, value] of data) {
      if (name === "csrfmiddlewaretoken" || hidden.has(name)) continue;
      if (typeof value === "string") fields.push([name, value]);
      else if (value.size) { const photo = await shrunk(value); files.push([name, photo.type, await base64(photo)]); }
      else if (held[name]) files.push(held[name]);
    }
    const under = document.querySelector(".f-head .meta")?.textContent.trim() || "";
    return { id: data.get("envelope"), url: location.pathname, title: `${document.querySelector("h1").textContent.trim()} · ${under}`, fields, files };
  };
  let held = {}, mending = "", busy = false;
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    const found = amiss();
    summary(found);
    if (found.length) return;
    busy = true; $("send").disabled = true; $("send").textContent = say.sending;
    try {
      const item = await gather();
      try { await keep(item); } catch { alert(say.full); return; }
      if (mending) { await drop(mending); mending = ""; }
      await flushing;
      const told = await flush(item.id);
      if (told && told.outcome === "taken") location.assign(told.then);
      else if (told) { renew(); refused(told); }
      else { form.hidden = true; $("errors").hidden = true; $("queue").scrollIntoView(); $("main").focus(); }
    } finally { busy = false; $("send").disabled = false; button(); }
  };
  const renew = () => { // a kept page is opened many times; what it sends is new each time
    const made = () => `uuid:${crypto.randomUUID()}`;
    form.elements.envelope.value = made();
    for (const one of form.querySelectorAll('input[name$=".instance"]')) one.value = made();
  };
  const mend = async (id) => {
    const row = (await mine()).find((one) => one.id === id);
    if (!row) return;
    const item = await open(row);
    mending = id;
    for (const [name, value] of item.fields) if (name.endsWith(".except")) for (const seat of seats()) if (seat.name === name) { seat.checked = value === "1"; sit(seat); }
    for (const box of form.querySelectorAll("[data-t=repeat]")) resize(box, []);
    for (const [name, value] of item.fields) if (name.endsWith(".row")) { const box = $(`q-${name.slice(0, -4)}`); if (box) grow(box, value); }
    for (const [name, value] of item.fields) for (const input of form.querySelectorAll(`[name="${CSS.escape(name)}"]:not([type=hidden])`)) {
      if (["radio", "checkbox"].includes(input.type)) { if (input.value === value) input.checked = true; } else if (input.type !== "file") input.value = value;
    }
    held = Object.fromEntries(item.files.map((one) => [one[0], one]));
    for (const name of Object.keys(held)) for (const input of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) input.dataset.held = "1";
    sheets().forEach(draw);
    refused(item.told || {});
  };

  // ------------------------------------------------------------------------------------------------ begin
  const mendWanted = async () => {
    const wanted = /^#mend=(.+)$/.exec(location.hash);
    if (!wanted || !form) return;
    history.replaceState(null, "", location.pathname);
    form.hidden = false;
    await mend(decodeURIComponent(wanted[1]));
  };
  const begin = async () => {
    if (navigator.serviceWorker) {
      const parts = [...document.querySelectorAll("script[src],link[rel=stylesheet],link[rel=icon]")].map((one) => one.src || one.href);
      const ahead = [...document.querySelectorAll("a.line")].map((one) => one.href).slice(0, 60);
      navigator.serviceWorker.addEventListener("message", () => { body.dataset.offline = "ready"; });
      navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready).then(async (here) => {
        const before = localStorage.getItem("fx-owner");
        if (before && before !== owner) here.active.postMessage({ forget: true }); // another's pages go, and with them the other's key
        localStorage.setItem("fx-owner", owner);
        if (navigator.onLine && !("kept" in say)) here.active.postMessage({ keep: [...parts, location.pathname, ...ahead] });
        else body.dataset.offline = "ready";
      }).catch(() => {});
    }
    if (form) {
      if (crypto.randomUUID) renew();
      happened();
      sheets().forEach(dress);
      seats().forEach((seat) => { seat.onchange = () => sit(seat); });
      form.addEventListener("click", change);
      form.addEventListener("input", (event) => { event.target.closest(".q")?.querySelector(".tag")?.remove(); const sheet = event.target.closest("[data-sheet]"); if (sheet) draw(sheet); });
      for (const box of form.querySelectorAll("[data-same]")) {
        box.hidden = false;
        box.querySelector("button").onclick = () => {
          const from = box.dataset.same, to = box.dataset.for, first = form.querySelector(`[data-sheet="${CSS.escape(from)}"]`);
          for (const one of first.querySelectorAll("[data-t=repeat]")) resize($(one.id.replace(`q-${from}-`, `q-${to}-`)), rowsOf(one).map((row) => row.dataset.row));
          for (const one of first.querySelectorAll("[name]:not([type=hidden],[type=file],button)")) {
            for (const other of form.querySelectorAll(`[name="${CSS.escape(one.name.replace(`${from}-`, `${to}-`))}"]`)) {
              if (["radio", "checkbox"].includes(one.type)) { if (other.value === one.value) other.checked = one.checked; } else other.value = one.value;
            }
          }
          draw(form.querySelector(`[data-sheet="${CSS.escape(to)}"]`));
        };
      }
      if (globalThis.indexedDB && globalThis.crypto?.subtle) form.addEventListener("submit", submit);
      button();
    }
    if (!globalThis.indexedDB || !globalThis.crypto?.subtle) return;
    await show();
    await mendWanted();
    addEventListener("hashchange", mendWanted);
    flush();
  };
  addEventListener("online", () => { reached = true; button(); pause = 1000; flush(); });
  addEventListener("offline", button);
  addEventListener("pageshow", (event) => { if (event.persisted) { show(); flush(); } });
  begin();
})();
