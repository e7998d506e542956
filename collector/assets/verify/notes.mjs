// What a log signs and what a person trusts: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy,
// tlog-proof. Never takes a key from what it is to judge.

import { Refused, base64, decimal, equal, hex, join, must, toBytes, utf8 } from "./bytes.mjs";
import { checkInclusion, publicKey, sha256, signed } from "./keys.mjs";

const PLAIN = 0x01;
const TIMESTAMPED = 0x04;
const MOST_SIGNATURES = 64;
const MOST_POLICY = 1 << 20;
const CLOCK_TOLERANCE_SECONDS = 300;
const PROOF = "c2sp.org/tlog-proof@v1";

/** Reads `<name>+<hex key id>+<base64(type || key)>`. */
export async function readVkey(text, type = PLAIN) {
  const shown = text.slice(0, 200);
  const parts = /^([^+]+)\+([^+]*)\+(.*)$/s.exec(text.trim());
  must(parts, `"${shown}" is not a verifier key (name+id+key)`);
  const [, name, id, encoded] = parts;
  must(!/[\p{White_Space}\p{Cc}]/u.test(name), `"${shown}" has a space in its key name`);
  const bytes = base64(encoded, `the key of "${name}"`);
  must(bytes[0] === type, `the key of "${name}" is not an Ed25519 key of the kind that belongs here`);
  const key = publicKey(bytes.subarray(1), `the key of "${name}"`);
  const found = await verifierOf(name, key, type);
  must(hex(found.id) === id, `"${shown}" was mistyped: its key has the id ${hex(found.id)}`);
  return found;
}

/** The verifier of this name and key, which `publicKey` accepted. */
export async function verifierOf(name, key, type = PLAIN) {
  const hash = await sha256(toBytes(`${name}\n`), Uint8Array.of(type), key);
  return { name, key, id: hash.subarray(0, 4) };
}

/** A verifier key alone, or a policy file (tlog-policy). */
export async function readTrust(text) {
  must(text.trim() !== "", "paste the log's key (name+id+key) or choose a policy file that you did not get from here");
  must(text.length <= MOST_POLICY, "the policy is over 1 MiB");
  if (!/\s/.test(text.trim())) {
    return { logs: [await readVkey(text)], witnesses: new Map(), groups: new Map(), quorum: null };
  }
  const policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: undefined, used: new Set() };
  for (const [number, line] of text.split("\n").entries()) {
    const words = line.split(/[\t\n\f\r ]+/).filter((word) => word !== "");
    if (words.length === 0 || words[0].startsWith("#")) continue;
    try {
      await policyLine(policy, words);
    } catch (error) {
      throw error instanceof Refused ? new Refused(`policy line ${number + 1}: ${error.message}`) : error;
    }
  }
  must(policy.logs.length > 0, "the policy names no log: it needs a line `log <vkey>`");
  must(policy.quorum !== undefined, "the policy has no quorum line: it needs `quorum none` or a name");
  return policy;
}

async function policyLine(policy, [word, name, ...rest]) {
  const known = (name) => policy.witnesses.has(name) || policy.groups.has(name);
  const fresh = () => must(name !== "none" && !known(name), "this name is taken");
  const use = (name) => {
    must(known(name) && !policy.used.has(name), `"${name}" is not defined above, or is used twice`);
    policy.used.add(name);
  };
  const twice = (others, key) => must(!others.some((other) => equal(other.key, key)), "this key stands twice");
  if (word === "log" && name && rest.length <= 1) {
    const log = await readVkey(name);
    twice(policy.logs, log.key);
    policy.logs.push(log);
  } else if (word === "witness" && name && (rest.length === 1 || rest.length === 2)) {
    fresh();
    const witness = await readVkey(rest[0], TIMESTAMPED);
    twice([...policy.witnesses.values()], witness.key);
    policy.witnesses.set(name, witness);
  } else if (word === "group" && name && rest.length >= 2) {
    fresh();
    const [threshold, ...members] = rest;
    const named = { any: 1, all: members.length }[threshold];
    const count = named ?? Number(/^[1-9][0-9]{0,8}$/.test(threshold) ? threshold : 0);
    must(count >= 1 && count <= members.length, "the threshold is not any, all or 1..members");
    members.forEach(use);
    policy.groups.set(name, { count, members });
  } else if (word === "quorum" && name && rest.length === 0) {
    must(policy.quorum === undefined, "second quorum line");
    if (name !== "none") use(name);
    policy.quorum = name === "none" ? null : name;
  } else {
    throw new Refused("not a log, witness, group or quorum line");
  }
}

/** Splits a note at its last blank line. Nothing is verified yet. */
export function readNote(bytes) {
  const whole = utf8(bytes, "the note");
  must(!/[\x00-\x09\x0b-\x1f\x7f]/.test(whole), "the note holds a control character (CRLF line ends?)");
  const blank = whole.lastIndexOf("\n\n");
  must(blank >= 0, "the note has no blank line");
  must(whole.endsWith("\n") && blank + 2 < whole.length, "the note has no signature lines, or no last line end");
  const lines = whole.slice(blank + 2, -1).split("\n");
  must(lines.length <= MOST_SIGNATURES, "the note has over 64 signature lines");
  const signatures = lines.map((line) => {
    const parts = /^\u2014 ([^\p{White_Space}\p{Cc}+]+) ([^ ]+)$/u.exec(line);
    must(parts, "the note has a line after the blank one that is not a signature");
    const raw = base64(parts[2], "a signature of the note");
    must(raw.length > 4, "the note has an empty signature");
    return { name: parts[1], id: raw.subarray(0, 4), bytes: raw.subarray(4) };
  });
  return { text: whole.slice(0, blank + 1), signatures };
}

/** Signatures that claim to be of `signer`: by name and by key id, which its type goes into. */
function claims(note, signer) {
  return note.signatures.filter((line) => line.name === signer.name && equal(line.id, signer.id));
}

/** Reads a checkpoint. Nothing is verified yet. */
export function readHead(bytes) {
  const note = readNote(bytes);
  const [origin, size, root, ...extensions] = note.text.slice(0, -1).split("\n");
  must(origin !== "" && root !== undefined, "the checkpoint has not three lines");
  const checkpoint = { origin, size: decimal(size, "the checkpoint's size"), root: base64(root, "the checkpoint's root") };
  must(checkpoint.root.length === 32, "the checkpoint's root has not 32 bytes");
  must(!extensions.includes(""), "the checkpoint has an empty extension line");
  return { ...checkpoint, note };
}

/** The checkpoint in `bytes` if `log` signed it, under the log's own name. */
export async function openAs(bytes, log) {
  const head = readHead(bytes);
  must(head.origin === log.name, `this is the log "${head.origin.slice(0, 200)}", not ${log.name}`);
  const theirs = claims(head.note, log);
  must(theirs.length > 0, `the checkpoint carries no signature of the key that you trust for ${log.name}, or that its changes of keys lead to`);
  const held = await Promise.all(theirs.map((line) => signed(log.key, toBytes(head.note.text), line.bytes)));
  must(held.every(Boolean), `the signature that claims to be of ${log.name} does not fit the checkpoint`);
  return head;
}

/** When each witness that is trusted cosigned the note; throws if a line that claims to be theirs does not hold. */
export async function cosignatures(note, trust) {
  const times = new Map();
  for (const [name, witness] of trust.witnesses) {
    for (const line of claims(note, witness)) {
      must(line.bytes.length === 72, `the cosignature of ${name} is not one`);
      const time = BigInt(`0x${hex(line.bytes.subarray(0, 8))}`);
      const message = join(toBytes(`cosignature/v1\ntime ${time}\n`), toBytes(note.text));
      must(await signed(witness.key, message, line.bytes.subarray(8)), `the cosignature of ${name} does not fit the checkpoint`);
      if (time >= (times.get(name) ?? 0n)) times.set(name, time);
    }
  }
  return times;
}

/** Which witnesses cosigned; throws unless they are enough for the policy. */
export async function checkQuorum(note, trust, now) {
  const times = await cosignatures(note, trust);
  const latest = BigInt(Math.floor(now / 1000) + CLOCK_TOLERANCE_SECONDS);
  for (const [name, time] of times) {
    must(time > 0n && time <= latest, `the cosignature of ${name} has no time, or one in the future: check this clock`);
  }
  const holds = (name) => {
    const group = trust.groups.get(name);
    return group ? group.members.filter(holds).length >= group.count : times.has(name);
  };
  const by = times.size > 0 ? [...times.keys()].join(", ") : "nobody";
  must(holds(trust.quorum), `the policy asks for the cosignatures of "${trust.quorum}"; cosigned by ${by}`);
  return `cosigned by ${by}`;
}

/** Reads a tlog-proof; its `extra` is the leaf, which only inclusion makes believable. */
export function readProof(bytes) {
  const text = utf8(bytes, "the proof");
  const blank = text.indexOf("\n\n");
  must(blank >= 0, "the proof has no blank line");
  const [header, ...lines] = text.slice(0, blank).split("\n");
  must(header === PROOF, `the proof does not begin with ${PROOF}`);
  const extra = lines[0]?.startsWith("extra ") ? base64(lines.shift().slice(6), "the proof's extra line") : null;
  const number = lines.shift() ?? "";
  must(number.startsWith("index "), "the proof has no index line");
  const index = decimal(number.slice(6), "the proof's index");
  must(lines.length <= 63, "the proof has over 63 hashes");
  const path = lines.map((line) => base64(line, "a hash of the proof"));
  must(path.every((hash) => hash.length === 32), "a hash of the proof has not 32 bytes");
  return { extra, index, path, checkpoint: toBytes(text.slice(blank + 2)) };
}

/** Throws unless `leaf` stands at the proof's index in the tree of `checkpoint`. */
export function checkProof(proof, leaf, checkpoint) {
  return checkInclusion(proof.index, checkpoint.size, leaf, proof.path, checkpoint.root);
}
