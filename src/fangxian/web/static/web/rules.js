"use strict";
// The rules of a form, as trees that the server read (web/filling/trees.py). Values and functions mean what they mean in
// submissions/forms/values.py and functions.py: a test draws rules and holds one against the other.
// A value is a text, a number, a boolean, a Day, or null: a column that a choice lacks.
(() => {
  class Day { constructor(at) { this.at = at; } } // days since 1970 began by the office's clock
  const MS = 86400000, ZONE = 8 * 3600000;
  const NUMBER = /^\s*-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*$/;
  const two = (n, w = 2) => String(n).padStart(w, "0");

  const readDay = (s) => {
    const m = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(s);
    if (!m || m[1] === "0000") return null;
    const at = new Date(0); at.setUTCFullYear(+m[1], +m[2] - 1, +m[3]);
    return at.getUTCMonth() === +m[2] - 1 && at.getUTCDate() === +m[3] ? new Day(at.getTime() / MS) : null;
  };
  const readMoment = (s) => {
    const m = /^([0-9-]{10})T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,6}))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$/.exec(s);
    const day = m && readDay(m[1]);
    if (!day || +m[2] > 23 || +m[3] > 59 || +(m[4] || 0) > 59) return null;
    let ms = day.at * MS + ((+m[2] * 60 + +m[3]) * 60 + +(m[4] || 0)) * 1000 + +`0.${m[5] || 0}` * 1000;
    if (m[6]) {
      const z = m[6] === "Z" ? 0 : (m[6][0] === "-" ? -1 : 1) * (+m[6].slice(1, 3) * 60 + +m[6].slice(-2)) * 60000;
      ms += ZONE - z;
    }
    return new Day(ms / MS);
  };
  const number = (v) => {
    if (typeof v === "string") {
      if (NUMBER.test(v)) return parseFloat(v);
      const day = readDay(v) || readMoment(v);
      return day ? day.at : NaN;
    }
    return v === null ? NaN : v instanceof Day ? v.at : Number(v);
  };
  const dateText = (d) => `${two(d.getUTCFullYear(), 4)}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
  const moment = (at) => new Date(Math.round(at * MS));
  const numberText = (n) => {
    if (Number.isNaN(n)) return "NaN";
    if (!Number.isFinite(n)) return n > 0 ? "Infinity" : "-Infinity";
    if (Number.isInteger(n) && Math.abs(n) < 1e15) return String(n === 0 ? 0 : n);
    const size = Math.abs(n);
    let s = size < 1e-4 || size >= 1e16 ? n.toExponential() : String(n);
    if (s.includes("e")) return s.replace(/e([+-])([0-9])$/, "e$10$2");
    return Number.isInteger(n) ? s + ".0" : s;
  };
  const text = (v) => {
    if (typeof v === "string") return v;
    if (v === null) return "";
    if (typeof v === "boolean") return v ? "true" : "false";
    if (!(v instanceof Day)) return numberText(v);
    const d = moment(v.at);
    if (Number.isInteger(v.at)) return dateText(d);
    return `${dateText(d)}T${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}.${two(d.getUTCMilliseconds(), 3)}+08:00`;
  };
  const truth = (v) => typeof v === "string" ? v !== "" : v instanceof Day ? true : v !== null && v === v && v !== 0 && v !== false;
  const equal = (a, b) => {
    if (typeof a === "boolean" || typeof b === "boolean") return truth(a) === truth(b);
    if (typeof a === "string" && typeof b === "string") return a === b;
    return number(a) === number(b);
  };
  const words = (v) => text(v).split(/\s+/u).filter((w) => w);
  const letters = (v) => [...text(v)];
  const whole = (how) => (v) => { const n = number(v); return Number.isFinite(n) ? how(n) + 0 : n; };
  const power = (a, b) => {
    const x = number(a), y = number(b), p = Math.pow(x, y);
    if (x === 1 || y === 0) return 1;
    if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
    if (Math.abs(x) === 1 && !Number.isFinite(y)) return 1;
    return x === 0 && y < 0 || !Number.isFinite(p) && Number.isFinite(x) && Number.isFinite(y) ? NaN : p;
  };
  const round = (v, places = 0) => {
    const n = number(v), scale = power(10, places);
    if (!(scale > 0 && scale < Infinity) || !Number.isFinite(n * scale)) return n;
    return Math.floor(n * scale + 0.5) / scale;
  };
  const dateTime = (v) => {
    if (v === "" || v instanceof Day) return v;
    if (typeof v === "string") return readDay(v) || readMoment(v) || NaN;
    const n = number(v);
    return n >= -719162 && n < 2932896 ? new Day(n) : NaN;
  };
  const date = (v) => { const d = dateTime(v); return d instanceof Day ? new Day(Math.floor(d.at)) : d; };
  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" "), DAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
  const PARTS = {
    Y: (d) => two(d.getUTCFullYear(), 4), y: (d) => two(d.getUTCFullYear(), 4), m: (d) => two(d.getUTCMonth() + 1), n: (d) => `${d.getUTCMonth() + 1}`,
    b: (d) => MONTHS[d.getUTCMonth()], d: (d) => two(d.getUTCDate()), e: (d) => `${d.getUTCDate()}`, H: (d) => two(d.getUTCHours()), h: (d) => `${d.getUTCHours()}`,
    M: (d) => two(d.getUTCMinutes()), S: (d) => two(d.getUTCSeconds()), 3: (d) => two(d.getUTCMilliseconds(), 3), a: (d) => DAYS[d.getUTCDay()],
  };
  const formatDate = (v, form) => {
    const day = dateTime(v);
    return day instanceof Day ? text(form).replace(/%(.)/gu, (all, p) => PARTS[p] ? PARTS[p](moment(day.at)) : all) : "";
  };
  const extreme = (how) => (...given) => {
    const found = given.filter((v) => v !== null && v !== "").map(number);
    return found.length && !found.some(Number.isNaN) ? how(...found) : NaN;
  };
  const around = (v, part) => {
    const s = text(v), p = text(part), at = p ? s.indexOf(p) : 0;
    return at < 0 ? ["", ""] : [s.slice(0, at), s.slice(at + p.length)];
  };
  const place = (v, length) => { const n = number(v); return Number.isFinite(n) ? Math.trunc(n) : length; };
  const regex = (v, source) => {
    try { return new RegExp(`^(?:${text(source)})$`, "u").test(text(v)); } catch { return true; } // the server knows
  };

  const F = {
    "true": () => true, "false": () => false, "not": (v) => !truth(v), "boolean": truth,
    "if": (when, then, other) => truth(when) ? then : other, "coalesce": (a, b) => text(a) !== "" ? a : b,
    "checklist": (least, most, ...given) => {
      const low = number(least), high = number(most), count = given.filter(truth).length;
      return (low < 0 || count >= low) && (high < 0 || count <= high);
    },
    "number": number, "int": whole(Math.trunc), "floor": whole(Math.floor), "ceiling": whole(Math.ceil), "round": round,
    "abs": (v) => Math.abs(number(v)), "pow": power, "sqrt": (v) => number(v) >= 0 ? Math.sqrt(number(v)) : NaN,
    "min": extreme(Math.min), "max": extreme(Math.max), "string": text, "concat": (...g) => g.map(text).join(""),
    "join": (mark, ...g) => g.map(text).join(text(mark)), "contains": (v, p) => text(v).includes(text(p)),
    "starts-with": (v, p) => text(v).startsWith(text(p)), "ends-with": (v, p) => text(v).endsWith(text(p)),
    "substring": (v, start, length = Infinity) => {
      const first = round(start), end = first + round(length);
      return letters(v).filter((_, at) => first <= at + 1 && at + 1 < end).join("");
    },
    "substr": (v, start, end = Infinity) => { const l = letters(v); return l.slice(place(start, l.length), place(end, l.length)).join(""); },
    "substring-before": (v, p) => text(p) ? around(v, p)[0] : "", "substring-after": (v, p) => around(v, p)[1],
    "string-length": (v) => letters(v).length, "normalize-space": (v) => words(v).join(" "),
    "translate": (v, old, put) => {
      const from = letters(old), to = letters(put);
      return letters(v).map((c) => { const at = from.indexOf(c); return at < 0 ? c : to[at] ?? ""; }).join("");
    },
    "regex": regex, "selected": (v, code) => words(v).includes(text(code).trim()),
    "selected-at": (v, at) => { const n = number(at), w = words(v); return n >= 0 && n < w.length ? w[Math.trunc(n)] : ""; },
    "count-selected": (v) => words(v).length, "date": date, "date-time": dateTime, "decimal-date-time": (v) => number(dateTime(v)),
    "format-date": formatDate, "format-date-time": formatDate, "once": (v) => v, "random": () => "", "uuid": () => "",
    "+": (a, b) => number(a) + number(b), "*": (a, b) => number(a) * number(b),
    "-": (a, b) => b === undefined ? -number(a) : number(a) - number(b),
    "div": (a, b) => { // as Python divides: the zero's own sign does not matter
      const x = number(a), y = number(b);
      return y ? x / y : x === 0 || Number.isNaN(x) || Number.isNaN(y) && Number.isNaN(x / y) ? NaN : Math.sign(x) * Infinity;
    },
    "mod": (a, b) => { const x = number(a), y = number(b); return y && Number.isFinite(x) ? (Number.isFinite(y) || Number.isNaN(y) ? x % y : x) : NaN; },
    "<": (a, b) => number(a) < number(b), "<=": (a, b) => number(a) <= number(b), ">": (a, b) => number(a) > number(b), ">=": (a, b) => number(a) >= number(b),
  };

  // What a tree comes to; `values` by question, `row` a choice's columns, `today` a Day.
  const reckon = (tree, values, today, row = {}) => {
    const [op, ...rest] = tree, sub = (part) => reckon(part, values, today, row);
    switch (op) {
      case "'": case "#": return rest[0];
      case "$": return values[rest[0]] ?? "";
      case "@": return row[rest[0]] ?? null;
      case "and": return truth(sub(rest[0])) && truth(sub(rest[1]));
      case "or": return truth(sub(rest[0])) || truth(sub(rest[1]));
      case "=": case "!=": {
        const [a, b] = rest.map(sub);
        return a !== null && b !== null && equal(a, b) === (op === "=");
      }
      case "today": return today;
      case "now": return new Day(today.at + (1 - 1 / MS));
    }
    return F[op](...rest.map(sub));
  };

  // What an input says, as the server reads it: [value, whether it is of the type].
  const read = (type, raw) => {
    if (raw === "") return ["", true];
    if (type === "integer") return /^\s*[-+]?[0-9]+\s*$/.test(raw) && Math.abs(+raw) < 2 ** 53 ? [+raw, true] : ["", false];
    if (type === "decimal") return raw.trim() && Number.isFinite(+raw) ? [+raw, true] : ["", false];
    if (type === "date") return readDay(raw) ? [readDay(raw), true] : ["", false];
    if (type === "geopoint") {
      const n = raw.trim().split(/[,，\s]+/u);
      const sound = n.length > 1 && n.length < 5 && n.every((one) => NUMBER.test(one)) && Math.abs(n[0]) <= 90 && Math.abs(n[1]) <= 180;
      return sound ? [n.join(" "), true] : ["", false];
    }
    return [raw, true];
  };

  // Whether nothing was written in a row: such a row is left out.
  const blank = (raw) => Object.values(raw).every((one) => Array.isArray(one) ? one.every(blank) : one === "");

  // One sheet, or one row: which questions are asked, which choices are offered, the first thing to mend of each, and the same
  // of each row of a repeat, whose value is how many rows there are.
  const check = (form, raw, today) => {
    const values = {}, asked = {}, offered = {}, faults = {}, rows = {};
    for (const q of form.questions) values[q.name] = "";
    for (const q of form.questions) {
      asked[q.name] = (q.relevant || []).every((rule) => truth(reckon(rule, values, today)));
      if (!asked[q.name]) continue;
      if (q.children) {
        const given = raw[q.name] || [];
        rows[q.name] = given.map((row) => ({ ...check({ questions: q.children }, row, today), ...(blank(row) && { faults: {} }) }));
        if (rows[q.name].some((row) => Object.keys(row.faults).length)) faults[q.name] = "rows";
        else values[q.name] = given.filter((row) => !blank(row)).length || "";
        continue;
      }
      const [value, right] = read(q.type, raw[q.name] ?? "");
      values[q.name] = value;
      if (!right) faults[q.name] = "type";
      if (q.calculate) { const s = text(reckon(q.calculate, values, today)); values[q.name] = s === "NaN" ? "" : s; }
    }
    for (const q of form.questions) {
      if (q.filter) {
        offered[q.name] = new Set(q.choices.filter(([name, row]) => truth(reckon(q.filter, values, today, { ...row, name }))).map(([name]) => name));
      }
      if (!asked[q.name] || faults[q.name] || q.type === "note" || q.calculate) continue;
      if (values[q.name] === "") {
        if (q.required && (q.required === true || truth(reckon(q.required, values, today)))) faults[q.name] = "required";
      } else if (offered[q.name] && !words(values[q.name]).every((code) => offered[q.name].has(code))) faults[q.name] = "choice";
      else if (q.constraint && !truth(reckon(q.constraint, values, today))) faults[q.name] = "constraint";
    }
    return { asked, offered, faults, rows };
  };

  globalThis.fxRules = { Day, reckon, text, read, check, blank };
})();
