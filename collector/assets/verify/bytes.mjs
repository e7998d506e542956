// Bytes, texts and JSON, each in one spelling only. Never guesses: what is not exactly the form is refused.

/** A check was made and did not hold. */
export class Refused extends Error {}
/** A check could not be made. Never shown as success. */
export class NotChecked extends Error {}

/** Throws `Refused` unless `holds`. */
export function must(holds, message) {
  if (!holds) throw new Refused(message);
}

export function utf8(bytes, what) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused(`${what} is not UTF-8`);
  }
}

export function toBytes(text) {
  return new TextEncoder().encode(text);
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(left, right) {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Standard base64 with padding: whatever would not be written back the same is refused. */
export function base64(text, what) {
  let raw = null;
  try {
    raw = atob(text);
  } catch {
    // Told below.
  }
  must(raw !== null && btoa(raw) === text, `${what} is not standard base64 with padding`);
  return Uint8Array.from(raw, (char) => char.charCodeAt(0));
}

/** Both alphabets, as DSSE asks of those who verify. */
export function eitherBase64(text, what) {
  const url = /[-_]/.test(text) || text.length % 4 !== 0;
  must(!(url && /[+/]/.test(text)), `${what} mixes two alphabets of base64`);
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  return base64(url ? standard.padEnd(Math.ceil(text.length / 4) * 4, "=") : text, what);
}

const LARGEST_SIZE = 2n ** 63n - 1n;
const LARGEST_U64 = 2n ** 64n - 1n;

/** A decimal without sign or leading zeros, as BigInt. */
export function decimal(text, what, largest = LARGEST_SIZE) {
  const spelled = typeof text === "string" && /^(0|[1-9][0-9]{0,19})$/.test(text);
  must(spelled && BigInt(text) <= largest, `${what} is not a decimal number in its one spelling`);
  return BigInt(text);
}

export function u64(text, what) {
  return decimal(text, what, LARGEST_U64);
}

/** 64 lower-case hex digits. */
export function digestText(text, what) {
  must(typeof text === "string" && /^[0-9a-f]{64}$/.test(text), `${what} is not a SHA-256 digest`);
  return text;
}

export function string(value, what) {
  must(typeof value === "string", `${what} is not a text`);
  return value;
}

export function list(value, what) {
  must(Array.isArray(value), `${what} is not a list`);
  return value;
}

/** An object whose fields are `needed` and perhaps `optional`, and no others. */
export function fields(value, what, needed, optional = []) {
  object(value, what);
  for (const name of needed) must(name in value, `${what} has no field "${name}"`);
  const known = [...needed, ...optional];
  for (const name of Object.keys(value)) {
    must(known.includes(name), `${what} has a field "${name}" that does not belong there`);
  }
  return value;
}

export function object(value, what) {
  const plain = value !== null && typeof value === "object" && !Array.isArray(value);
  must(plain && !(value instanceof Inexact), `${what} is not an object`);
  return value;
}

/** A number that JavaScript would round or respell; nothing is decided by it. */
class Inexact {
  constructor(text) {
    this.text = text;
  }
}

const DEEPEST = 128;

/** Reads JSON: duplicate keys, trailing data, half characters and nesting over 128 are refused. */
export function readJson(bytes, what) {
  const text = utf8(bytes, what);
  const wrong = (why) => new Refused(`${what} is not acceptable JSON: ${why} at character ${at}`);
  let at = 0;

  function blank() {
    while (at < text.length && " \t\n\r".includes(text[at])) at += 1;
  }
  function take(char) {
    blank();
    if (text[at] !== char) throw wrong(`expected ${char}`);
    at += 1;
  }
  function next() {
    blank();
    return text[at];
  }

  function value(depth) {
    if (depth > DEEPEST) throw wrong("nested too deeply");
    const first = next();
    if (first === "{") return members(depth);
    if (first === "[") return elements(depth);
    if (first === '"') return characters();
    for (const [word, meant] of [["true", true], ["false", false], ["null", null]]) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meant;
      }
    }
    return number();
  }

  function members(depth) {
    const object = Object.create(null);
    take("{");
    if (next() === "}") return (at += 1), object;
    for (;;) {
      if (next() !== '"') throw wrong("expected a key");
      const key = characters();
      if (key in object) throw wrong(`key ${JSON.stringify(key)} stands twice`);
      take(":");
      object[key] = value(depth + 1);
      if (next() === "}") return (at += 1), object;
      take(",");
    }
  }

  function elements(depth) {
    const values = [];
    take("[");
    if (next() === "]") return (at += 1), values;
    for (;;) {
      values.push(value(depth + 1));
      if (next() === "]") return (at += 1), values;
      take(",");
    }
  }

  function characters() {
    const start = at;
    for (at += 1; text[at] !== '"'; at += 1) {
      if (at >= text.length) throw wrong("a text has no end");
      if (text[at] === "\\") at += 1;
    }
    at += 1;
    let read;
    try {
      read = JSON.parse(text.slice(start, at));
    } catch {
      throw wrong("a text is not written as JSON asks");
    }
    if (/\p{Surrogate}/u.test(read)) throw wrong("half a character");
    return read;
  }

  function number() {
    const form = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
    form.lastIndex = at;
    const found = form.exec(text);
    if (!found) throw wrong("unexpected character");
    at += found[0].length;
    const read = Number(found[0]);
    if (!Number.isFinite(read)) throw wrong("a number is too large");
    const exact = Number.isSafeInteger(read) && !found[1] && !found[2];
    return exact ? read : new Inexact(found[0]);
  }

  const whole = value(0);
  blank();
  if (at !== text.length) throw wrong("more follows");
  return whole;
}
