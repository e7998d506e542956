// The page of the API: a form shows its answer in place. Without this file it leads there.

const MOST = 200000;

function address(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const field of form.elements) {
    if (!field.name || field.name === "operation" || field.value === "") continue;
    if ("inPath" in field.dataset) path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else query.set(field.name, field.value);
  }
  return query.size ? `${path}?${query}` : path;
}

async function show(form) {
  const place = form.nextElementSibling;
  const told = place.querySelector("[data-told]");
  const text = place.querySelector("pre");
  const from = address(form);
  place.hidden = false;
  told.textContent = `GET ${from} …`;
  text.textContent = "";
  try {
    const answer = await fetch(from, { headers: { accept: "application/json" } });
    const body = await answer.text();
    const tag = answer.headers.get("etag");
    told.textContent = `GET ${from}: ${answer.status}, ${body.length} characters${tag ? `, ETag ${tag}` : ""}`;
    let shown = body;
    if ((answer.headers.get("content-type") || "").includes("json")) shown = JSON.stringify(JSON.parse(body), null, 2);
    text.textContent = shown.length > MOST ? `${shown.slice(0, MOST)}\n…` : shown;
  } catch (error) {
    told.textContent = `GET ${from}: no answer (${error.message})`;
  }
}

for (const form of document.querySelectorAll("form[data-path]")) {
  form.addEventListener("submit", (event) => { event.preventDefault(); show(form); });
}
