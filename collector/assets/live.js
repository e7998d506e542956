
// What is newer comes by itself into the parts of a page that say on what they depend. One tab listens for all of them; nothing
// is asked while nothing changes.

const PAUSE = 5_000;
const LONG = 5 * 60_000;
const parts = () => [...document.querySelectorAll("[data-live]")];
let waiting = null;
let last = Date.now();
let behind = false;

async function refresh() {
  waiting = null;
  last = Date.now();
  behind = false;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts()) {
    // What somebody is using stays as it is.
    if (part.contains(document.activeElement) && document.activeElement !== document.body) continue;
    const next = fresh.getElementById(part.id);
    if (next) part.replaceWith(document.adoptNode(next));
  }
  dispatchEvent(new CustomEvent("renewed"));
}

function soon() {
  if (document.hidden) behind = true;
  else waiting ??= setTimeout(refresh, Math.max(0, last + PAUSE - Date.now()) + Math.random() * 1_500);
}

function told(news) {
  const all = news.changed.includes("everything");
  const concerned = (part) => part.dataset.live.split(" ").some((word) => news.changed.includes(word));
  if (all || parts().some(concerned)) soon();
}

if (parts().length > 0) {
  const tabs = new BroadcastChannel("exhibit-live");
  tabs.addEventListener("message", (event) => told(event.data));
  navigator.locks?.request("exhibit-live", () => new Promise(() => {
    const source = new EventSource("/live");
    source.addEventListener("message", (event) => {
      const news = JSON.parse(event.data);
      told(news);
      tabs.postMessage(news);
    });
  }));
  // Ages grow and days pass without an entry: whoever comes back sees how it is now.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && (behind || Date.now() - last > LONG)) refresh();
  });
}
