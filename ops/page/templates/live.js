"use strict";
// Asks for the state again and again and writes it into the page, as text only; buttons ask for a day or a drill.
const token = document.querySelector('meta[name="token"]').content;
const dialog = document.querySelector("dialog");
const byId = (id) => document.getElementById(id);

function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function cell(kind, head, content) {
  const made = document.createElement(kind);
  if (kind === "th") made.scope = "row"; else made.dataset.head = head;
  made.append(content);
  return made;
}

function look(label, title, path) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.dataset.look = path;
  made.dataset.title = title;
  return made;
}

function rows(id, heads, found, first) {
  const body = byId(id), told = JSON.stringify(found);
  if (body.dataset.told === told) return;
  body.dataset.told = told;
  body.replaceChildren(...found.map((row) => {
    const made = document.createElement("tr");
    made.append(...row.map((text, at) => cell(at ? "td" : "th", heads[at], at ? text : first(row))));
    return made;
  }));
  if (!found.length) {
    const none = document.createElement("tr");
    none.append(Object.assign(cell("td", "", "none"), {className: "none", colSpan: heads.length}));
    body.append(none);
  }
}

function count(anchor, text) {
  put(document.querySelector(`[data-count="${anchor}"]`), text);
  const drawn = document.querySelector(`.picture a[href="#${anchor}"]`);
  const texts = drawn ? drawn.querySelectorAll("text") : [];
  if (texts.length > 1) put(texts[1], text);
}

function show(state) {
  put(byId("clock"), state.clock);
  put(byId("busy"), state.busy ? `${state.busy} is going on.` : "Nothing is being played.");
  for (const button of document.querySelectorAll("[data-ask]")) button.disabled = Boolean(state.busy);
  for (const [anchor, text] of Object.entries(state.counts)) count(anchor, text);
  rows("boundary-rows", ["Boundary", "Date", "Complete", "Missing", "Trigger"], state.boundaries,
    ([name, date]) => look(name, `${name} ${date}`, `documents/${name}/${date}`));
  rows("letter-rows", ["Dead letter", "Messages"], state.letters, ([name]) => look(name, name, `letters/${name}`));
  rows("waiting-rows", ["Subscription", "Messages"], state.waiting, ([name]) => name);
  const lines = byId("lines"), text = state.said.join("\n");
  if (lines.textContent !== text) {
    lines.textContent = text;
    lines.scrollTop = lines.scrollHeight;
  }
}

async function refresh() {
  try {
    const answer = await fetch("/state");
    if (answer.ok) show(await answer.json());
  } catch (error) {
    put(byId("busy"), "The local run has ended.");
  }
  setTimeout(refresh, 500);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (event.target === dialog || (button && button.id === "close")) dialog.close();
  if (!button) return;
  if (button.dataset.ask) {
    for (const each of document.querySelectorAll("[data-ask]")) each.disabled = true;
    await fetch(`/${button.dataset.ask}`, {method: "POST", headers: {"X-Local-Run": token}});
  } else if (button.dataset.look) {
    const answer = await fetch(`/${button.dataset.look.split("/").map(encodeURIComponent).join("/")}`);
    const text = await answer.text();
    const isJson = (answer.headers.get("Content-Type") || "").startsWith("application/json");
    byId("shown").textContent = isJson ? JSON.stringify(JSON.parse(text), null, 1) : text;
    byId("shown-title").textContent = button.dataset.title;
    dialog.showModal();
    byId("shown-title").focus();
  }
});
refresh();
