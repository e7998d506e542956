// Checks a bundle that a person picked: every file, the whole log, every item. Has no way to a network, and takes no key
// from the bundle.

import { NotChecked, Refused, eitherBase64, fields, list, must, object, readJson, string, utf8 } from "./bytes.mjs";
import { keyId, pemKey, sha256Text } from "./keys.mjs";
import { checkQuorum, readTrust } from "./notes.mjs";
import { checkChanges, openHead, readChanges } from "./logkeys.mjs";
import { readLeaf } from "./entry.mjs";
import { verifyItem, worst } from "./item.mjs";
import { notRevoked, readLog, rootAt } from "./log.mjs";

const ABSENT = { not_selected: "not selected for this bundle", not_held: "the collector does not hold it" };

/**
 * `files` maps paths below the bundle's root to `Blob`s. Calls `progress(what, done, of)`. Answers `{state, steps, items}`:
 * steps about the bundle as a whole, and for each item what `verifyItem` answers, with its index.
 */
export async function verifyBundle(files, trustText, now, progress) {
  const read = async (path) => (files.has(path) ? new Uint8Array(await files.get(path).arrayBuffer()) : null);
  const steps = [];
  const step = async (name, check) => {
    let value;
    try {
      value = await check();
      steps.push({ name, state: "verified", detail: value.detail });
    } catch (error) {
      const state = error instanceof NotChecked ? "not_checked" : "failed";
      const message = error instanceof NotChecked || error instanceof Refused ? error.message : String(error);
      steps.push({ name, state, detail: `${state === "failed" ? "" : "Not checked: "}${message}.` });
    }
    return value;
  };
  await step("Files", () => checkSums(files, read, progress));
  const trust = await step("Log key", async () => {
    const trust = await readTrust(trustText);
    return { ...trust, detail: `You trust ${trust.logs.map((log) => log.name).join(", ")}.` };
  });
  let changes = [];
  const head = await step("Head", async () => {
    if (!trust) throw new NotChecked("it rests on “Log key”");
    changes = await readChanges(await read("log-keys.json"));
    const head = await openHead(await needed(read, "checkpoint"), trust, changes);
    const witnessed = trust.quorum ? `, ${await checkQuorum(head.note, trust, now)}` : "";
    return { ...head, detail: `The log ${head.origin} signed its head over ${head.size} entries${witnessed}.` };
  });
  const log = await step("Whole log", async () => {
    if (!head) throw new NotChecked("it rests on “Head”");
    const log = await readLog(head, read, (done, of) => progress("records", done, of));
    return { ...log, detail: `The signed root follows from all ${head.size} records, ${log.revocations.length} revocations and ${log.rotations.length} rotations among them.` };
  });
  await step("Changes of the log’s key", async () => {
    if (!log) throw new NotChecked("it rests on “Whole log”");
    await checkChanges(changes, head);
    return checkKeyChanges(changes, log);
  });
  const manifest = await step("Manifest", async () => readManifest(await needed(read, "manifest.json")));
  const items = [];
  const enrolments = new Map();
  let continuedBefore = null;
  for (const claimed of manifest?.items ?? []) {
    const item = await checkItem(claimed, { read, trust: trust ?? trustText, now, log, enrolments, changes, continuedBefore });
    if (item.type === "continues") continuedBefore ??= claimed.index;
    items.push({ ...item, index: claimed.index });
    progress("items", items.length, manifest.items.length);
  }
  return { state: worst([...steps, ...items]), steps, items };
}

async function needed(read, path) {
  const bytes = await read(path);
  must(bytes, `${path} is not in this bundle`);
  return bytes;
}

/** The changes that led to the head's keys are those of the whole log, no more and no fewer. */
async function checkKeyChanges(changes, { keyChanges }) {
  for (const [at, { index, envelope }] of keyChanges.entries()) {
    const shown = changes[at];
    if (!shown) throw new NotChecked(`entry ${index} changes the log's key, and log-keys.json does not show it`);
    must(shown.index === index && shown.leaf.env === envelope, `entry ${index} changes the log's key; log-keys.json shows another change`);
  }
  must(changes.length === keyChanges.length, `entry ${changes[keyChanges.length]?.index} of log-keys.json is no change of the log's key in this log`);
  if (changes.length === 0) return { detail: "The log has had one key." };
  return { detail: `${changes.length} entries begin or end a change of the log's key; the key before and the key after signed each.` };
}

/** Finds damage; only the other steps find forgery. */
async function checkSums(files, read, progress) {
  const text = utf8(await needed(read, "SHA256SUMS"), "SHA256SUMS");
  const listed = new Map(text.split("\n").slice(0, -1).map((line) => {
    const parts = /^([0-9a-f]{64}) {2}(.+)$/.exec(line);
    must(parts, "SHA256SUMS has a line that is not `<sha256>  <path>`");
    return [parts[2], parts[1]];
  }));
  const others = [...files.keys()].filter((path) => path !== "SHA256SUMS");
  const added = others.find((path) => !listed.has(path));
  must(added === undefined, `${added} is not listed in SHA256SUMS`);
  let done = 0;
  for (const [path, digest] of listed) {
    must((await sha256Text(await needed(read, path))) === digest, `${path} is not as SHA256SUMS lists it`);
    progress("files", (done += 1), listed.size);
  }
  return { detail: `All ${listed.size} files are as SHA256SUMS lists them.` };
}

function readManifest(bytes) {
  const named = ["schema", "generated_at", "checkpoint", "selection", "items"];
  const manifest = fields(readJson(bytes, "the manifest"), "the manifest", named);
  must(manifest.schema === "urn:exhibit:bundle:v1", "the manifest is of a form that this page does not know");
  const items = list(manifest.items, "the manifest's items");
  for (const item of items) {
    fields(item, "an item of the manifest", ["index", "type", "logged", "envelope", "documents"]);
    must(Number.isSafeInteger(item.index) && item.index >= 0, "an item of the manifest has no index");
    for (const document of list(item.documents, "an item's documents")) {
      fields(document, "a document of the manifest", ["digest", "kind", "target"], ["absent"]);
    }
  }
  return { items, detail: `It lists ${items.length} entries; each is held against the log below.` };
}

async function checkItem(claimed, { read, trust, now, log, enrolments, changes, continuedBefore }) {
  const { index } = claimed;
  const [proof, leaf] = [await read(`proofs/${index}.tlog-proof`), await read(`leaves/${index}.json`)];
  const said = tryRead(() => readLeaf(leaf));
  const envelope = await read(`envelopes/${said?.env}.json`);
  const brings = said?.t === "enrol" || said?.t === "rotate";
  if (brings && proof && envelope) await remember(enrolments, said, { proof, envelope });
  const result = await verifyItem({
    trust,
    now,
    expect: { index: BigInt(index) },
    changes,
    proof,
    leaf,
    envelope,
    ...(enrolments.get(said?.key) ?? { enrolment: null }),
    documentOf: (digest) => documentOf(claimed, digest, read),
    introductionOf: (key) => enrolments.get(key) ?? null,
    envelopeOf: (digest) => read(`envelopes/${digest}.json`),
    fileOf: read,
    continuedBefore,
    rootAt: (size) => (log ? rootAt(log, size) : null),
    revocation: (key) => {
      if (!log) throw new NotChecked("it rests on “Whole log”");
      return notRevoked(log, key, BigInt(index), leaf);
    },
  });
  const same = said && claimed.type === said.t && claimed.logged === said.rx && claimed.envelope === said.env;
  const [state, detail] = same ? ["verified", "The manifest says of it what the log says."] : ["failed", "The manifest says something else of it than the log."];
  const steps = [...result.steps, { name: "Manifest", state, detail }];
  return { ...result, steps, state: worst(steps) };
}

async function documentOf(claimed, digest, read) {
  const bytes = await read(`documents/${digest}.json`);
  if (bytes) return bytes;
  const listed = claimed.documents.find((document) => document.digest === digest);
  must(listed && Object.hasOwn(ABSENT, listed.absent), `document ${digest} is missing, and the manifest does not say why`);
  return ABSENT[listed.absent];
}

/** Which enrolment and rotations bring a key: a hint only, `verifyItem` checks them whole. The first ones count. */
async function remember(enrolments, leaf, entry) {
  try {
    const envelope = object(readJson(entry.envelope, "the envelope"), "the envelope");
    const payload = eitherBase64(string(envelope.payload, "the payload"), "the payload");
    const { predicate } = readJson(payload, "the statement");
    const rotates = leaf.t === "rotate";
    const id = await keyId(pemKey(string(rotates ? predicate.new_key : predicate.evidence_key, "the key"), "the key"));
    const before = rotates ? enrolments.get(leaf.key) : { enrolment: entry, rotations: [] };
    const rotations = rotates ? [...before.rotations, entry] : [];
    if (!enrolments.has(id)) enrolments.set(id, { enrolment: before.enrolment, rotations });
  } catch {
    // The enrolment's own item says what is wrong with it.
  }
}

function tryRead(read) {
  try {
    return read();
  } catch {
    return null;
  }
}
