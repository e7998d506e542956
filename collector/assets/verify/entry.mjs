// The formats of one entry of the log: leaf, envelope, statement, document. Reads strictly, believes nothing yet.

import { digestText, eitherBase64, equal, fields, list, must, object, readJson, string, toBytes, u64, utf8, join } from "./bytes.mjs";
import { keyId, keyPem, pemKey, sha256Text, signed } from "./keys.mjs";

export const EVIDENCE = "urn:exhibit:evidence:v1";
export const HEARTBEAT = "urn:exhibit:heartbeat:v1";
export const ENROL = "urn:exhibit:enrol:v1";
export const REVOKE = "urn:exhibit:revoke:v1";
export const ROTATE = "urn:exhibit:rotate:v1";
export const LOG_KEY = "urn:exhibit:log-key:v1";
/** Types of entries, and what their statements are. */
export const PREDICATES = {
  evidence: EVIDENCE,
  heartbeat: HEARTBEAT,
  enrol: ENROL,
  revoke: REVOKE,
  rotate: ROTATE,
  rule_pack: "urn:exhibit:rule-pack:v1",
  activity: "urn:exhibit:activity:v1",
  gap: "urn:exhibit:gap:v1",
  conflict: "urn:exhibit:conflict:v1",
  fork: "urn:exhibit:fork:v1",
  log_key: LOG_KEY,
  tombstone: "urn:exhibit:tombstone:v1",
  hold: "urn:exhibit:hold:v1",
  time: "urn:exhibit:time:v1",
  continues: "urn:exhibit:continues:v1",
  decision: "urn:exhibit:decision:v1",
};
const BY_AGENTS = ["evidence", "heartbeat", "rotate"];
/** What only the log's own key makes. */
export const BY_THE_LOG = Object.keys(PREDICATES).filter((type) => !BY_AGENTS.includes(type));

/** What entries of a type may state instead. */
export const INSTEAD = { hold: "urn:exhibit:hold-lifted:v1", rule_pack: "urn:exhibit:rule-pack-proposed:v1" };

/** Subjects that are files of a bundle, under their digests. */
const FILES = ["urn:exhibit:decision:file", "urn:exhibit:soa"];

const IN_TOTO = "application/vnd.in-toto+json";
const STATEMENT = "https://in-toto.io/Statement/v1";
const MOST_LEAF = 1024;
const MOST_ENVELOPE = 64 << 10;
const MOST_DOCUMENT = 8 << 20;

/** Reads a leaf; only the spelling that a collector writes is accepted. */
export function readLeaf(bytes) {
  must(bytes.length <= MOST_LEAF, "the leaf is over 1024 bytes");
  const leaf = fields(readJson(bytes, "the leaf"), "the leaf", ["v", "t", "env", "key", "rx"], ["epoch", "seq", "prev"]);
  must(leaf.v === 1, "the leaf's version is not 1");
  const place = ["epoch", "seq", "prev"].filter((name) => name in leaf);
  must(place.length === 0 || place.length === 3, "the leaf names its place in the chain in part only");
  const { v, t, env, key, rx } = leaf;
  for (const [text, what] of [[t, "type"], [rx, "time"]]) string(text, `the leaf's ${what}`);
  for (const [text, what] of [[env, "envelope"], [key, "key"]]) digestText(text, `the leaf's ${what}`);
  const link = place.length === 3 ? readLink(leaf, "the leaf") : null;
  const spelled = JSON.stringify(link ? { v, t, env, key, ...link, rx } : { v, t, env, key, rx });
  must(utf8(bytes, "the leaf") === spelled, "the leaf is not spelled as leaves are: fields out of order, spaces or escapes");
  return { t, env, key, rx, link };
}

function readLink({ epoch, seq, prev }, what) {
  u64(epoch, `the epoch of ${what}`);
  u64(seq, `the number of ${what}`);
  digestText(prev, `the predecessor of ${what}`);
  return { epoch, seq, prev };
}

/** The digest of a stored envelope, its bounds kept. */
export function envelopeDigest(bytes) {
  must(bytes.length <= MOST_ENVELOPE, "the envelope is over 65536 bytes");
  return sha256Text(bytes);
}

/** The signed payload of a DSSE envelope: opened by `key` first, then by its type, then read. */
export async function openEnvelope(bytes, key) {
  must(bytes.length <= MOST_ENVELOPE, "the envelope is over 65536 bytes");
  const envelope = object(readJson(bytes, "the envelope"), "the envelope");
  const type = string(envelope.payloadType, "the envelope's payloadType");
  const payload = eitherBase64(string(envelope.payload, "the envelope's payload"), "the envelope's payload");
  const message = pae(type, payload);
  let held = false;
  for (const signature of list(envelope.signatures, "the envelope's signatures")) {
    const sig = string(object(signature, "a signature of the envelope").sig, "a signature of the envelope");
    held = (await signed(key, message, eitherBase64(sig, "a signature of the envelope"))) || held;
  }
  must(held, "the envelope carries no signature that this key made");
  must(type === IN_TOTO, `the envelope's payload is of type "${type.slice(0, 100)}", not ${IN_TOTO}`);
  return readStatement(payload);
}

/**
 * The key that a rotation brings, its bytes. `bytes` opened under `old` already; here both signatures are held to their places:
 * the old key's first, the new key's second, no other.
 */
export async function openRotation(bytes, old) {
  const { type, predicate } = await openEnvelope(bytes, old);
  must(type === ROTATE, `the statement is a ${type}, not a rotation`);
  const key = pemKey(string(predicate.new_key, "the new key"), "the new key");
  await signedByBoth(bytes, [old, key], "the rotation");
  must(!equal(key, old), "the rotation leads to the same key");
  const { link, agent } = readCapsule(predicate);
  const epoch = u64(predicate.new_epoch, "the new epoch");
  must(epoch === BigInt(link.epoch) + 1n, `the rotation leads from epoch ${link.epoch} to ${epoch}`);
  return { key, agent, link, epoch };
}

/** Throws unless the envelope carries these two signatures in this order and no other. */
async function signedByBoth(bytes, keys, what) {
  const envelope = readJson(bytes, "the envelope");
  const message = pae(envelope.payloadType, eitherBase64(envelope.payload, "the envelope's payload"));
  must(envelope.signatures.length === 2, `${what} carries two signatures, of the old and of the new key`);
  for (const [at, signer] of keys.entries()) {
    const { keyid, sig } = envelope.signatures[at];
    const held = keyid === (await keyId(signer)) && (await signed(signer, message, eitherBase64(sig, "a signature of the envelope")));
    must(held, `signature ${at + 1} of ${what} is not of the key that belongs there`);
  }
}

/** A change of the key of the log `origin`: both keys that it names signed it, first the one that is the log's key there. */
export async function openLogKey(bytes, origin) {
  const what = "the change of the log's key";
  must(bytes.length <= MOST_ENVELOPE, "the envelope is over 65536 bytes");
  // Which keys to ask for; nothing of it is believed before both have signed.
  const { payload } = object(readJson(bytes, "the envelope"), "the envelope");
  const named = readStatement(eitherBase64(string(payload, "the envelope's payload"), "the envelope's payload")).predicate;
  const [from, to] = ["old_key", "new_key"].map((name) => {
    const pem = string(named[name], name);
    const key = pemKey(pem, `${name} of ${what}`);
    must(pem === keyPem(key), `${name} of ${what} is not written as PEM in the one way that keys are`);
    return key;
  });
  must(named.phase === "begin" || named.phase === "end", `${what} has no phase that is known`);
  const begins = named.phase === "begin";
  must(!equal(from, to), `${what} leads to the same key`);
  const signers = begins ? [from, to] : [to, from];
  const { type, about } = await openEnvelope(bytes, signers[0]);
  must(type === LOG_KEY, `the statement is a ${type}, not a change of the log's key`);
  await signedByBoth(bytes, signers, what);
  must(about[0] === origin, `${what} is of the log "${String(about[0]).slice(0, 200)}", not ${origin}`);
  return { begins, from, to };
}

/** `DSSEv1 LEN(type) type LEN(body) body`, lengths in bytes. */
export function pae(type, payload) {
  const named = toBytes(type);
  return join(toBytes(`DSSEv1 ${named.length} `), named, toBytes(` ${payload.length} `), payload);
}

function readStatement(payload) {
  const statement = readJson(payload, "the statement");
  fields(statement, "the statement", ["_type", "subject", "predicateType", "predicate"]);
  must(statement._type === STATEMENT, "the statement is not an in-toto Statement v1");
  string(statement.predicateType, "the statement's predicateType");
  object(statement.predicate, "the statement's predicate");
  const about = [];
  const subjects = list(statement.subject, "the statement's subject").map((subject) => {
    fields(subject, "a subject", ["name", "digest"], ["mediaType"]);
    about.push(string(subject.name, "a subject's name"));
    return digestText(fields(subject.digest, "a subject's digest", ["sha256"]).sha256, "a subject's digest");
  });
  const files = subjects.filter((_, at) => FILES.includes(about[at]));
  return { type: statement.predicateType, predicate: statement.predicate, subjects, about, files };
}

/** Who says where and when: what runs and heartbeats share. */
export function readCapsule(predicate) {
  const capsule = object(predicate.capsule, "the statement's capsule");
  const link = readLink(capsule, "the statement");
  const seen = capsule.checkpoint ?? null;
  if (seen !== null) {
    fields(seen, "the statement's checkpoint", ["origin", "size", "root"]);
    string(seen.origin, "the origin of the statement's checkpoint");
    digestText(seen.root, "the root of the statement's checkpoint");
    u64(seen.size, "the size of the statement's checkpoint");
  }
  return {
    agent: string(capsule.agent, "the statement's agent"),
    sealedAt: string(capsule.sealed_at, "the statement's time"),
    link,
    seen,
  };
}

/** What a run observed and what it could not. */
export function readRun(predicate) {
  const documents = list(predicate.documents, "the statement's documents").map((observed) => {
    object(observed, "a document of the statement");
    return {
      kind: string(observed.kind, "a document's kind"),
      target: string(observed.target, "a document's target"),
      digest: digestText(observed.digest, "a document's digest"),
      size: u64(observed.size, "a document's size"),
    };
  });
  const outcomes = list(predicate.outcomes, "the statement's outcomes");
  const targets = outcomes.map((outcome) => string(object(outcome, "an outcome").target, "an outcome's target"));
  return { documents, targets: [...documents.map((observed) => observed.target), ...targets] };
}

/** Throws unless the document says of itself what the statement says of it. */
export function checkHeader(bytes, observed) {
  must(bytes.length <= MOST_DOCUMENT, "the document is over 8 MiB");
  const header = ["body", "kind", "salt", "schema", "target", "v"];
  const document = fields(readJson(bytes, "the document"), "the document", header);
  must(document.v === 1, "the document's header version is not 1");
  string(document.salt, "the document's salt");
  const { kind, target } = document;
  const same = kind === observed.kind && target === observed.target;
  must(same, `the document says that it is ${kind} of ${target}; the statement says ${observed.kind} of ${observed.target}`);
  const schema = string(document.schema, "the document's schema");
  must(schema.startsWith(`urn:exhibit:kind:${kind}:v`), `the document has the schema "${schema.slice(0, 100)}", not one of ${kind}`);
  must(BigInt(bytes.length) === observed.size, `the document has ${bytes.length} bytes, the statement says ${observed.size}`);
}
