// The whole log out of a bundle's entry tiles: its root, and which keys were revoked where. Never reads beyond the head.

import { NotChecked, Refused, digestText, equal, hex, must } from "./bytes.mjs";
import { leafHash, nodeHash, sha256, sha256Text } from "./keys.mjs";
import { REVOKE, openEnvelope, readLeaf } from "./entry.mjs";
import { keyOfEntry } from "./logkeys.mjs";

const WIDTH = 256;

/** `tile/entries/x001/234` and, for the last one, `….p/<width>` (C2SP tlog-tiles). */
function tilePath(tile, width) {
  const groups = String(tile).padStart(Math.ceil(String(tile).length / 3) * 3, "0").match(/.../g);
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/entries/${path}${width < WIDTH ? `.p/${width}` : ""}`;
}

function entriesOf(bytes, path) {
  const entries = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] * 256 + bytes[at + 1];
    must(at + 2 + length <= bytes.length, `${path} ends inside an entry`);
    entries.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}

/** The root that the log had at `size`, a BigInt. */
export function rootAt(log, size) {
  must(size <= BigInt(log.hashes.length), `the log has no ${size} entries`);
  return size === 0n ? sha256() : rootOf(log.hashes.slice(0, Number(size)));
}

async function rootOf(hashes) {
  let level = hashes;
  while (level.length > 1) {
    const pairs = [];
    for (let at = 0; at < level.length; at += 2) {
      pairs.push(at + 1 < level.length ? nodeHash(level[at], level[at + 1]) : level[at]);
    }
    level = await Promise.all(pairs);
  }
  return level[0];
}

/**
 * Reads all leaves up to `head`; throws unless they give its root. `read(path)` gives bytes or null. Answers the hash of each
 * leaf, the revocations, each with the key or, where its envelope is not here, without, the rotations with the key that goes, and
 * the changes of the log's own key.
 */
export async function readLog(head, read, progress) {
  const size = Number(head.size);
  must(Number.isSafeInteger(size) && size > 0, `a log of ${head.size} entries is not one to check here`);
  const [hashes, revocations, rotations, keyChanges] = [[], [], [], []];
  let unknown = null;
  for (let tile = 0; tile * WIDTH < size; tile += 1) {
    const width = Math.min(WIDTH, size - tile * WIDTH);
    const path = tilePath(tile, width);
    const bytes = await read(path);
    if (!bytes) throw new NotChecked(`${path} is not in this bundle`);
    const entries = entriesOf(bytes, path);
    must(entries.length === width, `${path} holds ${entries.length} entries where ${width} belong`);
    hashes.push(...(await Promise.all(entries.map(leafHash))));
    for (const [at, entry] of entries.entries()) {
      const [index, leaf] = [BigInt(tile * WIDTH + at), readOrNull(entry)];
      if (leaf === null) unknown ??= index;
      if (leaf?.t === "log_key") keyChanges.push({ index, envelope: leaf.env });
      if (leaf?.t === "rotate") rotations.push({ index, key: leaf.key });
      if (leaf?.t === "revoke") revocations.push({ index, envelope: leaf.env });
    }
    progress(hashes.length, size);
  }
  const root = await rootOf(hashes);
  must(equal(root, head.root), `the ${size} records of the log give the root ${hex(root)}, signed is ${hex(head.root)}`);
  if (unknown !== null) throw new NotChecked(`record ${unknown} is of a form that this page does not know`);
  for (const revocation of revocations) revocation.key = await revokedKey(revocation, head, read);
  return { hashes, revocations, rotations, keyChanges };
}

/** A later version may write other records; nothing can be said about them. */
function readOrNull(entry) {
  try {
    return readLeaf(entry);
  } catch {
    return null;
  }
}

async function revokedKey({ index, envelope }, head, read) {
  const bytes = await read(`envelopes/${envelope}.json`);
  if (!bytes) return null;
  must((await sha256Text(bytes)) === envelope, `entry ${index}: its envelope was changed`);
  const { type, predicate } = await openEnvelope(bytes, keyOfEntry(head.keys, index).verifier.key);
  must(type === REVOKE, `entry ${index} is not a statement of revocation`);
  return digestText(predicate.key, "a revoked key");
}

/** Says that `key` was neither revoked nor replaced before `index`, and that `leaf` is what stands there. */
export async function notRevoked(log, key, index, leaf) {
  const same = equal(await leafHash(leaf), log.hashes[Number(index)] ?? []);
  must(same, `entry ${index} of the whole log is another record`);
  for (const revocation of log.revocations.filter((revocation) => revocation.index < index)) {
    if (revocation.key === key) throw new Refused(`entry ${revocation.index} revoked this key before`);
    if (revocation.key === null) throw new NotChecked(`entry ${revocation.index} revokes a key, and this bundle does not say which`);
  }
  const replaced = log.rotations.find((rotation) => rotation.index < index && rotation.key === key);
  must(!replaced, `entry ${replaced?.index} put another key in place of this one before`);
  return `None of the ${index} entries before revokes or replaces the key.`;
}
