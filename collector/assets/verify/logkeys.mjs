// Every key that a log has had, from one that a person trusts: changes that both keys signed, each proven to be an entry of
// that log. Never says which key to trust first.

import { NotChecked, Refused, equal, fields, list, must, readJson, string, toBytes } from "./bytes.mjs";
import { keyId } from "./keys.mjs";
import { envelopeDigest, openLogKey, readLeaf } from "./entry.mjs";
import { checkProof, openAs, readHead, readProof, verifierOf } from "./notes.mjs";

const SCHEMA = "urn:exhibit:log-keys:v1";
const MOST = 4 << 20;

/** Reads `log-keys.json`; nothing of it is believed yet. No bytes, no changes. */
export async function readChanges(bytes) {
  if (!bytes) return [];
  must(bytes.length <= MOST, "log-keys.json is over 4 MiB");
  const shown = fields(readJson(bytes, "log-keys.json"), "log-keys.json", ["schema", "changes"]);
  must(shown.schema === SCHEMA, "log-keys.json is of a form that this page does not know");
  const changes = [];
  for (const change of list(shown.changes, "the changes of log-keys.json")) {
    fields(change, "a change of log-keys.json", ["envelope", "proof"]);
    const envelope = toBytes(string(change.envelope, "the envelope of a change"));
    const proof = readProof(toBytes(string(change.proof, "the proof of a change")));
    must(proof.extra, `the proof of entry ${proof.index} carries no leaf`);
    const leaf = readLeaf(proof.extra);
    must(leaf.t === "log_key", `entry ${proof.index} is no change of the log's key`);
    must((await envelopeDigest(envelope)) === leaf.env, `entry ${proof.index} names another envelope`);
    const before = changes.at(-1);
    must(!before || before.index < proof.index, `entry ${proof.index} stands before the change in front of it`);
    must(!before || equal(before.proof.checkpoint, proof.checkpoint), "the changes are proven under different heads");
    changes.push({ index: proof.index, envelope, proof, leaf });
  }
  return changes;
}

/**
 * All keys of the log that `known` (a verifier) is one of, oldest first. Each names what it signs: entries after `began` up to
 * `followed`, heads over more than `began` and at most `ended + 1` entries.
 */
export async function followKeys(known, changes) {
  const all = [];
  const add = async (key, began) => all.push({ verifier: await verifierOf(known.name, key), id: await keyId(key), began });
  for (const { index, envelope, leaf } of changes) {
    const change = await openLogKey(envelope, known.name);
    if (all.length === 0) await add(change.from, -1n);
    const [newest, old] = [all.at(-1), all.at(-2)];
    const goesOn = old && old.ended === undefined;
    const wrong = (why) => new Refused(`entry ${index} ${why}`);
    must(leaf.key === (await keyId(change.begins ? change.from : change.to)), `entry ${index} is of another key than signed it`);
    if (change.begins) {
      if (goesOn) throw wrong("begins a change of the log's key while another goes on");
      if (!equal(newest.verifier.key, change.from)) throw wrong("changes from a key that is not the log's key then");
      if (all.some(({ verifier }) => equal(verifier.key, change.to))) throw wrong("changes to a key that the log has had before");
      newest.followed = index;
      await add(change.to, index);
    } else {
      const same = goesOn && equal(old.verifier.key, change.from) && equal(newest.verifier.key, change.to);
      if (!same) throw wrong("ends a change of the log's key that did not begin");
      old.ended = index;
    }
  }
  if (all.length === 0) await add(known.key, -1n);
  must(all.some(({ verifier }) => equal(verifier.key, known.key)), "no change of the log's key leads to the key that you trust");
  return all;
}

/** The same changes lead from the same key to the same keys: a bundle asks for each of its items. */
const followed = new WeakMap();
function followOnce(known, changes) {
  if (!followed.has(changes)) followed.set(changes, new Map());
  const from = followed.get(changes);
  if (!from.has(known)) from.set(known, followKeys(known, changes));
  return from.get(known);
}

/** The key that signs the log's own entry at `index`. */
export function keyOfEntry(keys, index) {
  return keys.find(({ began, followed }) => began < index && (followed === undefined || index <= followed)) ?? keys.at(-1);
}

/** The keys that sign a head over `size` entries: one, or two while the log changes its key. */
export function keysOfHead(keys, size) {
  return keys.filter(({ began, ended }) => began < size && (ended === undefined || size <= ended + 1n));
}

/**
 * The checkpoint in `bytes` with all keys of its log, if those keys signed it which were the log's at its size and a key that
 * `trust` names is one of them.
 */
export async function openHead(bytes, trust, changes) {
  const { origin } = readHead(bytes);
  const logs = trust.logs.filter((log) => log.name === origin);
  const names = trust.logs.map((log) => log.name).join(", ");
  must(logs.length > 0, `this is the log "${origin.slice(0, 200)}"; you trust ${names}`);
  let refusal = null;
  for (const log of logs) {
    try {
      const keys = await followOnce(log, changes);
      return { ...(await openUnder(bytes, keys)), keys };
    } catch (error) {
      if (error instanceof NotChecked || !(error instanceof Refused)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

/** The checkpoint in `bytes` if all keys signed it which were the log's at its size. */
export async function openUnder(bytes, keys) {
  const { size } = readHead(bytes);
  const signers = keysOfHead(keys, size);
  must(signers.length > 0, `no key was the log's at ${size} entries`);
  let head = null;
  for (const { verifier } of signers) head = await openAs(bytes, verifier);
  return head;
}

/** Throws unless the changes are entries of a log whose head its keys signed: the one given, or an earlier or later one. */
export async function checkChanges(changes, head) {
  if (changes.length === 0) return;
  const shown = await openUnder(changes[0].proof.checkpoint, head.keys);
  for (const { proof } of changes) await checkProof(proof, proof.extra, shown);
  const same = shown.size === head.size && equal(shown.root, head.root);
  must(same || shown.size !== head.size, "the log signed two heads of one size: it shows different people different logs");
  if (!same) throw new NotChecked(`the log's keys were shown under a head over ${shown.size} entries, this one is over ${head.size}: load both again`);
}
