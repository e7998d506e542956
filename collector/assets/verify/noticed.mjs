// What the collector noticed about agents, what others said about its time, and which log it goes on from: gaps, conflicts, forks,
// times, continues. Each is held against what is at hand; the collector's word alone shows nothing, and an agent's word fails nothing.

import { NotChecked, Refused, digestText, equal, hex, must, object, string, toBytes, u64 } from "./bytes.mjs";
import { sha256Text } from "./keys.mjs";
import { cosignatures, openAs, readVkey } from "./notes.mjs";
import { envelopeDigest, openEnvelope, readCapsule } from "./entry.mjs";

/** Types of entries that are judged here. */
export const NOTICED = ["gap", "conflict", "fork", "time", "continues"];

/**
 * Throws unless the entry at `index` is what it says; answers a detail. `with_` knows the rest: `owner(key)` (the agent and key that
 * an earlier entry brings), `envelopeOf(digest)` and `fileOf(path)` (bytes or null), `rootAt(size)` (32 bytes, or null where the whole
 * log is not here), `openHead(bytes)` (a head that a key of this log signed), `trust`, `origin`, `continuedBefore` (index or null).
 */
export function checkNoticed(type, predicate, index, with_) {
  const check = { gap: checkGap, conflict: checkConflict, fork: checkFork, time: checkTime, continues: checkContinues }[type];
  return check(object(predicate, `the ${type}`), index, with_);
}

async function owned(said, what, with_) {
  const [key, agent] = [digestText(said.key, `the key of ${what}`), string(said.agent, `the agent of ${what}`)];
  const owner = await with_.owner(key);
  must(owner.agent === agent, `${what} is about key ${key} of agent ${agent}; it was enrolled for ${owner.agent}`);
  return owner.key;
}

async function checkGap(gap, index, with_) {
  const [from, to] = [u64(gap.from, "the gap's begin"), u64(gap.to, "the gap's end")];
  must(from > 0n && to >= from, `the gap is about numbers ${from} to ${to}`);
  await owned(gap, "the gap", with_);
  const what = from === to ? `Statement ${from}` : `Statements ${from} to ${to}`;
  return `${what} of agent ${gap.agent}, epoch ${u64(gap.epoch, "the gap's epoch")}, had not come when a later one did.`;
}

async function checkConflict(conflict, index, with_) {
  const key = await owned(conflict, "the conflict", with_);
  const capsules = [];
  for (const name of ["held", "refused"]) {
    const digest = digestText(conflict[name], `the ${name} envelope's digest`);
    const bytes = await with_.envelopeOf(digest);
    if (!bytes) throw new NotChecked(`the ${name} envelope ${digest} is not here: deleted under a retention rule, or left out`);
    must((await envelopeDigest(bytes)) === digest, `the ${name} envelope was changed`);
    const { predicate } = await openEnvelope(bytes, key);
    capsules.push(readCapsule(predicate).link);
  }
  const [held, refused] = capsules;
  const epoch = u64(conflict.epoch, "the conflict's epoch").toString();
  const seq = u64(conflict.seq, "the conflict's number").toString();
  const number = conflict.over === "number" && held.seq === refused.seq && conflict.held !== conflict.refused;
  const follows = BigInt(held.seq) + 1n === BigInt(refused.seq);
  const predecessor = conflict.over === "predecessor" && follows && refused.prev !== conflict.held;
  const same = held.epoch === epoch && refused.epoch === epoch && refused.seq === seq;
  must(same && (number || predecessor), `statement ${held.seq} of epoch ${held.epoch} and statement ${refused.seq} of epoch ${refused.epoch} do not exclude each other: the entry is wrong`);
  const what = number ? `two statements ${seq}` : `a statement ${seq} that does not follow the one before it`;
  return `Proven: the key of agent ${conflict.agent} signed ${what}. Both signatures hold: two agents with one key, or a copied key.`;
}

async function checkFork(fork, index, with_) {
  const size = u64(fork.size, "the fork's size");
  const root = digestText(fork.root, "the fork's root");
  const head = `root ${root} over ${size} entries`;
  if ("signed" in fork) {
    const signed = await with_.openHead(toBytes(string(fork.signed, "the head that the fork carries")));
    must(signed.size === size && hex(signed.root) === root, "the fork carries another head than it names");
  }
  // What an entry carries was signed before it: a log of more entries than stand before it cannot hold it.
  const ahead = size > index;
  const ours = ahead ? null : await with_.rootAt(size);
  must(!ours || hex(ours) !== root, `the entry calls ${head} foreign, and it is this log's own`);
  if (!("signed" in fork)) {
    return `Agent ${string(fork.agent, "the fork's agent")} says that it saw ${head}: its word alone, no signature of the log. Ask for the heads that it keeps.`;
  }
  if (ahead || ours) throw new Refused(`the log's key signed ${head}, which is no past of this log: two histories under one key`);
  throw new NotChecked(`the log's key signed ${head}, and the whole log is not here to compare`);
}

async function checkTime(said, index, with_) {
  const size = u64(said.size, "the size that the entry is about");
  const root = digestText(said.root, "the root that the entry is about");
  must(size <= index, `it is about a head over ${size} entries, and stands at ${index} itself`);
  must(("cosigned" in said) !== ("stamped" in said), "it carries neither cosignatures nor a time-stamp, or both");
  const ours = await with_.rootAt(size);
  must(!ours || hex(ours) === root, `it is about root ${root} over ${size} entries, the log has another there`);
  if ("cosigned" in said) {
    const head = await with_.openHead(toBytes(string(said.cosigned, "the head that the entry carries")));
    must(head.size === size && hex(head.root) === root, "it carries another head than it names");
    const times = await cosignatures(head.note, with_.trust);
    if (!ours) throw new NotChecked("only the whole log shows that this head is one of its past: a bundle has it");
    const by = [...times].map(([name, time]) => `${name} at ${new Date(Number(time) * 1000).toISOString()}`).join(", ");
    return by ? `Cosigned by ${by}: what stands after this entry is later.` : "No witness that you trust cosigned the head that it carries.";
  }
  const stamped = object(said.stamped, "the time-stamp of the entry");
  const authority = string(stamped.authority, "the authority");
  const path = `timestamps/checkpoint-${size}.${authority}.tsr`;
  const bytes = await with_.fileOf(path);
  if (!bytes) throw new NotChecked(`the token ${path} is not here`);
  const digest = digestText(stamped.token, "the digest of the token");
  must((await sha256Text(bytes)) === digest, `${path} is not the token that the log took: another was put in its place`);
  if (!ours) throw new NotChecked("only the whole log shows that this head is one of its past: a bundle has it");
  return `The log took this token of ${authority}; what it says about the time, “exhibit verify --tsa-roots” or “openssl ts” tell.`;
}

/** Whose key signed that head, only a person can say: it is compared with the ones that they trust, and told. */
async function checkContinues(said, index, with_) {
  const log = await readVkey(string(said.log_key, "the key of the log before this one"));
  const head = await openAs(toBytes(string(said.signed, "the head that the entry carries")), log).catch(() => null);
  must(head, "the head that it carries is not one of the log whose key it names, signed by that key");
  const same = head.origin === said.origin && head.size === u64(said.size, "the size that the entry names");
  must(same, `it carries the head of ${head.origin} over ${head.size} entries, and names another`);
  must(head.origin !== with_.origin, "a log cannot go on from itself");
  must(with_.continuedBefore === null, `entry ${with_.continuedBefore} says already which log this one goes on from`);
  const what = `This log goes on from ${head.origin}, which had ${head.size} entries when its last known head was signed`;
  const trusted = with_.trust.logs.some((known) => known.name === log.name && equal(known.key, log.key));
  if (trusted) return `${what}, by the key that you trust for it.`;
  return `${what}, by the key that the entry names. What you gave does not name that log: compare the key with one from its time.`;
}
