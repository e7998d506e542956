// The *Verify here* section of an evidence page: fetches the item, its proof and its key's enrolment, and nothing else. The
// key to trust comes from the person; it is kept nowhere but in the form.

import { verifyItem } from "./item.mjs";
import { readProof } from "./notes.mjs";
import { conclusion, present, stepList, takeFile, verdict } from "./show.mjs";

const LOADS = 3;

async function load(address) {
  const answer = await fetch(address, { cache: "no-store", redirect: "error" });
  if (!answer.ok) throw new Error(`${address}: the collector answers ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** What is not given is left out: its step says so. */
function loadOrNull(address) {
  return address ? load(address).catch(() => null) : null;
}

/** Both proofs under one head; a busy log may sign a new one in between. */
async function loadProofs({ proof, enrolmentProof }) {
  for (let left = LOADS; ; left -= 1) {
    const [item, enrolment] = [await loadOrNull(proof), await loadOrNull(enrolmentProof)];
    const head = (bytes) => readProof(bytes).checkpoint.join();
    try {
      if (left === 1 || !item || !enrolment || head(item) === head(enrolment)) return [item, enrolment];
    } catch {
      return [item, enrolment];
    }
  }
}

async function verify(given, trust) {
  const [[proof, enrolmentProof], envelope, enrolmentEnvelope, document] = await Promise.all([
    loadProofs(given),
    loadOrNull(given.envelope),
    loadOrNull(given.enrolmentEnvelope),
    loadOrNull(given.document),
  ]);
  const enrolment = enrolmentProof && enrolmentEnvelope ? { proof: enrolmentProof, envelope: enrolmentEnvelope } : null;
  return verifyItem({
    trust,
    now: Date.now(),
    expect: { index: BigInt(given.index), kind: given.kind, target: given.target },
    proof,
    envelope,
    enrolment,
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
