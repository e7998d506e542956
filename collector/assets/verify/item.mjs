// Checks one entry of the log from the key that a person trusts down to the documents. Each step says verified, failed or
// not checked, and is verified only if all that it rests on is. Never fetches anything.

import { NotChecked, Refused, must, object, list, string, u64 } from "./bytes.mjs";
import { keyId, pemKey, sha256Text } from "./keys.mjs";
import { NOTICED, checkNoticed } from "./noticed.mjs";
import { checkProof, checkQuorum, openAs, readProof, readTrust } from "./notes.mjs";
import { checkChanges, keyOfEntry, keysOfHead, openHead, openUnder, readChanges } from "./logkeys.mjs";
import { BY_THE_LOG, ENROL, EVIDENCE, HEARTBEAT, INSTEAD, LOG_KEY, PREDICATES, ROTATE, checkHeader, envelopeDigest, openEnvelope, openLogKey, openRotation, readCapsule, readLeaf, readRun } from "./entry.mjs";

const ZEROS = "0".repeat(64);

/**
 * Input: `trust` (text of a verifier key or policy, or what `readTrust` gave), `now` (milliseconds), `expect`
 * (`{index, kind?, target?}`), `logKeys` (bytes of log-keys.json, or null) or `changes` (what `readChanges` gave, held against the
 * log already), `proof`, `envelope` (bytes or null), `leaf` (bytes; else the proof's), `enrolment`
 * (`{proof, envelope}` or null), `rotations` (such pairs from that key to this one's, in order), `documentOf(digest)` (bytes, or a text that says why not), `revocation(key, index)` (a
 * detail; throws `Refused` or `NotChecked`), and for entries about what was noticed `introductionOf(key)` (`{enrolment, rotations}` or
 * null), `envelopeOf(digest)` and `fileOf(path)` (bytes or null), `rootAt(size)` (32 bytes or null), `continuedBefore`
 * (index of an entry before this one that names the log before this log, or null). Answers `{state, steps: [{name, state, detail}], agent, rx, type}`.
 */
export async function verifyItem(input) {
  const steps = [];
  const found = {};

  async function step(name, rests, check) {
    const lacking = rests.find((needed) => steps.some((s) => s.name === needed && s.state !== "verified"));
    let [state, detail] = ["verified", ""];
    try {
      detail = await check();
      if (lacking) [state, detail] = ["not_checked", `The bytes fit, but that rests on “${lacking}”.`];
    } catch (error) {
      if (error instanceof NotChecked) [state, detail] = ["not_checked", `Not checked: ${error.message}.`];
      else [state, detail] = ["failed", `${sentence(error instanceof Refused ? error.message : String(error))}.`];
    }
    steps.push({ name, state, detail });
  }
  const has = (name, step) => {
    if (found[name] === undefined) throw new NotChecked(`it rests on “${step}”`);
    return found[name];
  };
  const given = (bytes, what) => {
    if (!bytes) throw new NotChecked(`${what} is not here`);
    return bytes;
  };

  await step("Log key", [], async () => {
    found.trust = typeof input.trust === "string" ? await readTrust(input.trust) : input.trust;
    return `You trust ${found.trust.logs.map((log) => log.name).join(", ")}.`;
  });
  await step("Checkpoint", ["Log key"], async () => {
    found.proof = readProof(given(input.proof, "the proof"));
    found.changes = input.changes ?? (await readChanges(input.logKeys));
    found.head = await openHead(found.proof.checkpoint, has("trust", "Log key"), found.changes);
    return `The log ${found.head.origin} signed its head over ${found.head.size} entries.`;
  });
  if (!input.changes && found.changes?.length > 0) {
    await step("Changes of the log’s key", ["Checkpoint"], async () => {
      const head = has("head", "Checkpoint");
      await checkChanges(found.changes, head);
      const signing = keysOfHead(head.keys, head.size).map(({ id }) => id).join(" and ");
      return `The log has had ${head.keys.length} keys, the one that you trust among them; each change is an entry that the key before and the key after signed. Key ${signing} signed this head.`;
    });
  }
  if (found.trust?.quorum) {
    await step("Witnesses", ["Checkpoint"], async () => {
      return `${sentence(await checkQuorum(has("head", "Checkpoint").note, found.trust, input.now))}.`;
    });
  }
  await step("Inclusion", ["Checkpoint", "Changes of the log’s key", "Witnesses"], async () => {
    const proof = has("proof", "Checkpoint");
    const leaf = input.leaf ?? given(proof.extra, "the leaf");
    const same = !proof.extra || (await sha256Text(proof.extra)) === (await sha256Text(leaf));
    must(same, "the proof carries another leaf than the one given");
    must(proof.index === input.expect.index, `the proof is of entry ${proof.index}, asked for was ${input.expect.index}`);
    found.leaf = readLeaf(leaf);
    await checkProof(proof, leaf, has("head", "Checkpoint"));
    found.index = proof.index;
    return `${proof.path.length} hashes lead from entry ${proof.index} to the root of that head. The log took it at ${found.leaf.rx}.`;
  });
  await step("Leaf and envelope", ["Inclusion"], async () => {
    const leaf = has("leaf", "Inclusion");
    const digest = await envelopeDigest(given(input.envelope, "the envelope"));
    must(digest === leaf.env, `the envelope's digest is ${digest}; the leaf names ${leaf.env}`);
    return `The envelope has the digest ${digest} that the leaf names.`;
  });
  await step("Enrolment", ["Inclusion"], async () => {
    const { leaf, head } = { leaf: has("leaf", "Inclusion"), head: has("head", "Checkpoint") };
    const log = keyOfEntry(head.keys, has("index", "Inclusion"));
    if (BY_THE_LOG.includes(leaf.t) || (leaf.key === log.id && !Object.hasOwn(PREDICATES, leaf.t))) {
      must(leaf.key === log.id, `an entry of type ${leaf.t} by key ${leaf.key}: only the key that the log had then makes these`);
      found.key = log.verifier.key;
      return "The log's own key made this entry; it needs no enrolment.";
    }
    const enrolment = given(input.enrolment, `the enrolment of key ${leaf.key}`);
    let enrolled = await openEnrolment(enrolment, found);
    const first = enrolled.index;
    for (const rotation of input.rotations ?? []) enrolled = await openHandover(rotation, found, enrolled);
    must(enrolled.id === leaf.key, `entry ${enrolled.index} brings key ${enrolled.id}, this entry is of key ${leaf.key}`);
    if (enrolled.late) throw new NotChecked(enrolled.late);
    [found.enrolled, found.key] = [enrolled, enrolled.key];
    const whose = `for agent ${enrolled.agent}, approved by ${enrolled.by}`;
    if (enrolled.rotations === 0) return `Entry ${first}, which the log's key signed, enrols key ${leaf.key} ${whose}.`;
    return `Entry ${first}, which the log's key signed, enrols a key ${whose}; by ${enrolled.rotations} rotations, each signed by the key before and the key after, entry ${enrolled.index} brings key ${leaf.key} for epoch ${enrolled.epoch}.`;
  });
  if (found.enrolled) {
    await step("Revocation", ["Enrolment"], async () => {
      const why = "only the whole log shows that the key was neither revoked nor replaced before: a bundle has it";
      if (!input.revocation) throw new NotChecked(why);
      return input.revocation(found.leaf.key, has("index", "Inclusion"));
    });
  }
  await step("Signature", ["Leaf and envelope", "Enrolment"], async () => {
    found.statement = await openEnvelope(given(input.envelope, "the envelope"), has("key", "Enrolment"));
    return "The envelope carries a good Ed25519 signature of that key.";
  });
  await step("Statement", ["Signature"], async () => statementFits(found, has, input));
  await documentSteps(step, found, input, has);
  if (found.statement?.files.length > 0 && input.fileOf) {
    await step("Files beside", ["Statement"], async () => filesFit(has("statement", "Signature").files, input.fileOf));
  }

  return { state: worst(steps), steps, agent: found.agent, rx: found.leaf?.rx, type: found.leaf?.t };
}

/** The worst of all: verified only if everything is. */
export function worst(steps) {
  const order = ["failed", "not_checked"];
  return order.find((state) => steps.some((step) => step.state === state)) ?? "verified";
}

/** An entry that stands earlier in the same log: its leaf and index. `late` says that it was proven under another head. */
async function openEarlier({ proof, envelope }, { head, index, proof: own }) {
  const theirs = readProof(proof);
  const entry = `entry ${theirs.index}`;
  must(theirs.index < (index ?? own.index), `${entry} brings the key, but does not stand before this one`);
  const covered = await openUnder(theirs.checkpoint, head.keys);
  if (!theirs.extra) throw new NotChecked(`the leaf of ${entry} is not here`);
  await checkProof(theirs, theirs.extra, covered);
  const said = readLeaf(theirs.extra);
  must((await envelopeDigest(envelope)) === said.env, `${entry} names another envelope`);
  const same = covered.size === head.size && covered.root.join() === head.root.join();
  must(same || covered.size !== head.size, "the log signed two heads of one size: it shows different people different logs");
  const late = `${entry} was proven under a head over ${covered.size} entries, this one over ${head.size}: load both again`;
  return { said, entry, index: theirs.index, late: same ? null : late };
}

/** The key, agent and grants that an enrolment entry gives: signed by the log's key, and earlier in the same log. */
async function openEnrolment(enrolment, found) {
  const { said, entry, index, late } = await openEarlier(enrolment, found);
  must(said.t === "enrol" && said.link === null, `${entry} is no enrolment`);
  const log = keyOfEntry(found.head.keys, index);
  must(said.key === log.id, `${entry} was not made by the log's key`);
  const { type, predicate } = await openEnvelope(enrolment.envelope, log.verifier.key);
  must(type === ENROL, `${entry} is not a statement of enrolment`);
  const key = pemKey(string(predicate.evidence_key, "the enrolled key"), "the enrolled key");
  const id = await keyId(key);
  const targets = list(predicate.targets, "the enrolled targets").map((target) => string(target, "an enrolled target"));
  const [agent, by] = [string(predicate.agent, "the enrolled agent"), string(predicate.approved_by, "who approved")];
  const epoch = u64(predicate.epoch, "the enrolled epoch");
  return { key, id, agent, by, targets, index, late, epoch, begins: ZEROS, rotations: 0 };
}

/** Who speaks after a rotation: signed by the key before it and by the new one, and later in the same log than that key. */
async function openHandover(rotation, found, before) {
  const { said, entry, index, late } = await openEarlier(rotation, found);
  must(index > before.index, `${entry} stands before the entry that brought the key which it rotates`);
  must(said.t === "rotate" && said.key === before.id, `${entry} does not rotate key ${before.id}`);
  const { key, agent, link, epoch } = await openRotation(rotation.envelope, before.key);
  const fits = said.link && ["epoch", "seq", "prev"].every((name) => link[name] === said.link[name]);
  must(fits && agent === before.agent && BigInt(link.epoch) === before.epoch, `${entry} is not of this agent's chain`);
  const rotations = before.rotations + 1;
  return { ...before, key, id: await keyId(key), index, late: before.late ?? late, epoch, begins: said.env, rotations };
}

/** Who an earlier entry says speaks with `key`: its bytes, and the agent. */
async function ownerOf(key, found, input) {
  const brings = input.introductionOf?.(key);
  if (!brings?.enrolment) throw new NotChecked(`the entries that brought key ${key} are not here`);
  let owner = await openEnrolment(brings.enrolment, found);
  for (const rotation of brings.rotations) owner = await openHandover(rotation, found, owner);
  must(owner.id === key, `entry ${owner.index} brings key ${owner.id}, not ${key}`);
  if (owner.late) throw new NotChecked(owner.late);
  return owner;
}

/** A head that one of the log's keys signed, whichever was in force. */
async function openByAny(bytes, keys) {
  let refusal = null;
  for (const { verifier } of keys) {
    try {
      return await openAs(bytes, verifier);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

async function statementFits(found, has, input) {
  const [leaf, statement] = [has("leaf", "Inclusion"), has("statement", "Signature")];
  const known = Object.hasOwn(PREDICATES, leaf.t) ? PREDICATES[leaf.t] : null;
  const expected = Object.hasOwn(INSTEAD, leaf.t) && statement.type === INSTEAD[leaf.t] ? statement.type : known;
  if (!expected) throw new NotChecked(`entries of type "${leaf.t}" are not known to this page`);
  must(statement.type === expected, `the statement is a ${statement.type}, its leaf says ${leaf.t}`);
  if (!found.enrolled) {
    must(leaf.link === null, "the log's own entry claims a place in an agent's chain");
    if (expected === LOG_KEY) await openLogKey(input.envelope, found.head.origin);
    if (expected === ENROL) found.agent = string(object(statement.predicate, "the enrolment").agent, "the enrolled agent");
    if (NOTICED.includes(leaf.t)) {
      return checkNoticed(leaf.t, statement.predicate, found.index, {
        trust: found.trust,
        origin: found.head.origin,
        continuedBefore: input.continuedBefore ?? null,
        owner: (key) => ownerOf(key, found, input),
        openHead: (bytes) => openByAny(bytes, found.head.keys),
        envelopeOf: input.envelopeOf ?? (() => null),
        fileOf: input.fileOf ?? (() => null),
        rootAt: input.rootAt ?? (() => null),
      });
    }
    return `The statement is of the type that its leaf names: ${leaf.t}.`;
  }
  const capsule = readCapsule(statement.predicate);
  const { link, agent, seen } = capsule;
  const same = leaf.link && ["epoch", "seq", "prev"].every((name) => link[name] === leaf.link[name]);
  must(same, `the statement says epoch ${link.epoch}, number ${link.seq}, predecessor ${link.prev}; its leaf says otherwise`);
  must(agent === found.enrolled.agent, `the statement says that it is of agent ${agent}; its key was enrolled for ${found.enrolled.agent}`);
  const { epoch, begins } = found.enrolled;
  must(BigInt(link.epoch) === epoch, `the statement is of epoch ${link.epoch}; its key speaks in epoch ${epoch}`);
  must(link.seq !== "1" || link.prev === begins, `the first statement of epoch ${epoch} follows ${link.prev}, not ${begins}`);
  if (seen) {
    must(seen.origin === found.head.origin, `the agent had seen a head of the log ${seen.origin}: made for another log`);
    must(BigInt(seen.size) <= found.proof.index, `the agent had seen a head over ${seen.size} entries, but stands at ${found.proof.index} itself`);
  }
  found.agent = agent;
  if (expected === HEARTBEAT) return `Number ${link.seq} of epoch ${link.epoch}, as its leaf says; sealed at ${capsule.sealedAt}.`;
  if (expected === ROTATE) {
    const { key, epoch: next } = await openRotation(input.envelope, found.key);
    return `Number ${link.seq}, the last of epoch ${link.epoch}; both keys signed that ${await keyId(key)} speaks in epoch ${next}.`;
  }
  const run = readRun(statement.predicate);
  const foreign = run.targets.find((target) => !found.enrolled.targets.includes(target));
  must(foreign === undefined, `the statement speaks for ${foreign}, which its enrolment does not grant`);
  const named = run.documents.map((observed) => observed.digest).sort();
  must(named.join() === [...statement.subjects].sort().join(), "the statement's subjects are not the documents that it describes");
  found.run = run;
  return `Number ${link.seq} of epoch ${link.epoch}, predecessor ${link.prev.slice(0, 12)}…, as its leaf says; sealed at ${capsule.sealedAt}.`;
}

/** Digest and header of the documents asked for: one that a page shows, or all that a bundle holds. */
async function documentSteps(step, found, input, has) {
  const { kind, target } = input.expect;
  if (!kind && found.statement && found.statement.type !== EVIDENCE) return;
  const held = [];
  await step("Document", ["Statement"], async () => {
    const { documents } = has("run", "Statement");
    const wanted = documents.filter((observed) => !kind || (observed.kind === kind && observed.target === target));
    must(!kind || wanted.length > 0, `the statement names no document ${kind} of ${target}`);
    const absent = [];
    for (const observed of wanted) {
      const bytes = await input.documentOf(observed.digest);
      if (!(bytes instanceof Uint8Array)) {
        absent.push(`${observed.kind} of ${observed.target} (${bytes})`);
        continue;
      }
      const digest = await sha256Text(bytes);
      must(digest === observed.digest, `the digest of ${observed.kind} is ${digest}; the statement names ${observed.digest}`);
      held.push({ bytes, observed });
    }
    found.held = held;
    if (absent.length > 0) throw new NotChecked(`${held.length} of ${wanted.length} documents fit; not here: ${absent.join(", ")}`);
    if (kind) return `The document has the digest ${wanted[0].digest} that the statement names.`;
    return `${held.length} of ${wanted.length} documents have the digests that the statement names.`;
  });
  await step("Document header", ["Document"], () => {
    for (const { bytes, observed } of has("held", "Document")) checkHeader(bytes, observed);
    return kind ? `The document says of itself what the statement says: ${kind} of ${target}.` : "Each says of itself what the statement says.";
  });
}

/** What people brought, and frozen statements of applicability: their bytes have the digests that the entry names. */
async function filesFit(digests, fileOf) {
  for (const digest of digests) {
    const bytes = await fileOf(`files/${digest}`);
    if (!bytes) throw new NotChecked(`files/${digest}, which the entry names, is not in this bundle`);
    must((await sha256Text(bytes)) === digest, `files/${digest} is not the file that the entry names: it was changed`);
  }
  return `${digests.length} files have the digests that the entry names.`;
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
