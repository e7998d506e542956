// The *Verify here* section of an evidence page: fetches the item, its proof, the entries that brought its key and those that changed the log's, and nothing else. The
// key to trust comes from the person; it is kept nowhere but in the form.

import { verifyItem } from "./item.mjs";
import { readChanges } from "./logkeys.mjs";
import { readProof } from "./notes.mjs";
import { conclusion, present, stepList, takeFile, verdict } from "./show.mjs";

const LOADS = 3;
const LOG_KEYS = "/log/log-keys.json";

async function load(address) {
  const answer = await fetch(address, { cache: "no-store", redirect: "error" });
  if (!answer.ok) throw new Error(`${address}: the collector answers ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** What is not given is left out: its step says so. */
function loadOrNull(address) {
  return address ? load(address).catch(() => null) : null;
}

/** All proofs, and what shows the log's keys, under one head; a busy log may sign a new one in between. */
async function loadProofs(addresses) {
  for (let left = LOADS; ; left -= 1) {
    const [logKeys, ...proofs] = await Promise.all([LOG_KEYS, ...addresses].map(loadOrNull));
    const head = (bytes) => readProof(bytes).checkpoint.join();
    try {
      const [change] = await readChanges(logKeys);
      const heads = proofs.filter((proof) => proof).map(head);
      if (change) heads.push(change.proof.checkpoint.join());
      if (left === 1 || heads.every((one) => one === heads[0])) return [proofs, logKeys];
    } catch {
      return [proofs, logKeys];
    }
  }
}

async function verify(given, trust) {
  const brought = (given.introductions ?? "").split(" ").filter((index) => index !== "");
  const [[[proof, ...proofs], logKeys], envelopes, envelope, document] = await Promise.all([
    loadProofs([given.proof, ...brought.map((index) => `/entries/${index}/proof`)]),
    Promise.all(brought.map((index) => loadOrNull(`/entries/${index}/envelope`))),
    loadOrNull(given.envelope),
    loadOrNull(given.document),
  ]);
  const entries = proofs.map((proof, at) => ({ proof, envelope: envelopes[at] }));
  const whole = entries.every((entry) => entry.proof && entry.envelope);
  const [enrolment = null, ...rotations] = whole ? entries : [];
  return verifyItem({
    trust,
    now: Date.now(),
    expect: { index: BigInt(given.index), kind: given.kind, target: given.target },
    logKeys,
    proof,
    envelope,
    enrolment,
    rotations,
    documentOf: () => document ?? "the collector does not give it",
  });
}

function start(section) {
  const form = section.querySelector("form");
  const [area, file, button] = ["textarea", "input[type=file]", "button"].map((name) => form.querySelector(name));
  const result = section.querySelector("[data-result]");
  takeFile(file, area);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    result.hidden = true;
    const { state, steps } = await verify(section.dataset, area.value);
    present(result, verdict(state, conclusion(state, steps)), stepList(steps));
    button.disabled = false;
  });
  form.hidden = false;
}

document.querySelectorAll("[data-verify]").forEach(start);
