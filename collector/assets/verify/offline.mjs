// The page in every bundle: a person picks the folder and gives the key, and sees the result. Works from a file, without a
// network.

import { verifyBundle } from "./bundle.mjs";
import { badge, element, present, stepList, takeFile, verdict } from "./show.mjs";

const form = document.querySelector("form");
const [area, policy, folder] = ["#trust", "#policy", "#folder"].map((name) => document.querySelector(name));
const [button, result, running] = ["button", "[data-result]", "[data-running]"].map((name) => document.querySelector(name));
let dropped = null;

/** Paths below the folder that holds `manifest.json`; the page itself may lie elsewhere. */
function rooted(files) {
  const roots = [...files.keys()].filter((path) => path === "manifest.json" || path.endsWith("/manifest.json"));
  const root = roots.sort((a, b) => a.length - b.length)[0]?.slice(0, -"manifest.json".length);
  if (root === undefined) return null;
  const below = [...files].filter(([path]) => path.startsWith(root));
  return new Map(below.map(([path, file]) => [path.slice(root.length), file]));
}

async function entriesUnder(entry, into) {
  if (entry.isFile) {
    into.set(entry.fullPath.slice(1), await new Promise((done, failed) => entry.file(done, failed)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A reader gives at most a hundred entries at a time.
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) return;
    for (const inner of some) await entriesUnder(inner, into);
  }
}

document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry);
  const files = new Map();
  for (const entry of entries) await entriesUnder(entry, files);
  dropped = files;
  running.textContent = `${files.size} files dropped.`;
});
folder.addEventListener("change", () => {
  dropped = null;
});

function chosen() {
  return dropped ?? new Map([...folder.files].map((file) => [file.webkitRelativePath || file.name, file]));
}

function itemRow(item) {
  const name = `Entry ${item.index}${item.type ? `, ${item.type.replaceAll("_", " ")}` : ""}`;
  const facts = [item.rx && `logged ${item.rx}`, item.agent && `agent ${item.agent}`].filter((fact) => fact).join(" · ");
  const row = element("details", "item", element("summary", "", badge(item.state), " ", name, " ", element("span", "muted", facts)));
  row.dataset.state = item.state;
  row.dataset.index = item.index;
  row.addEventListener("toggle", () => {
    if (row.open && row.children.length === 1) row.append(stepList(item.steps));
  });
  // What does not hold is seen without a click.
  if (item.state === "failed") row.open = true;
  return element("li", "", row);
}

function summary({ state, steps, items }) {
  const count = (wanted) => items.filter((item) => item.state === wanted).length;
  const tally = `${items.length} entries: ${count("verified")} verified, ${count("failed")} failed, ${count("not_checked")} not checked.`;
  const wrong = steps.find((step) => step.state === "failed");
  if (wrong) return `“${wrong.name}” does not hold. ${tally}`;
  return state === "verified" ? `Everything in this bundle holds under the key that you gave. ${tally}` : tally;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const files = rooted(chosen());
  if (!files) {
    running.textContent = "There is no manifest.json in what you chose: choose the bundle's folder.";
    return;
  }
  button.disabled = true;
  result.hidden = true;
  let shown = 0;
  const progress = (what, done, of) => {
    const now = performance.now();
    if (done < of && now - shown < 100) return;
    shown = now;
    running.textContent = `${what}: ${done} of ${of}`;
  };
  const report = await verifyBundle(files, area.value, Date.now(), progress);
  running.textContent = "";
  const order = ["failed", "not_checked", "verified"];
  const items = report.items.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.index - b.index);
  present(
    result,
    verdict(report.state, summary(report)),
    element("h2", "", "The bundle as a whole"),
    stepList(report.steps),
    element("h2", "", "Its entries"),
    element("ol", "items-taken", ...items.map(itemRow)),
  );
  button.disabled = false;
});

takeFile(policy, area);
if (!globalThis.crypto?.subtle) {
  document.querySelector("[data-insecure]").hidden = false;
}
form.hidden = false;
