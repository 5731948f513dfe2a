"use strict";
// A link to a part opens it beside what is being looked at; without this script the same link leads to the part's place.
const dialog = document.querySelector("dialog");
const shown = document.getElementById("shown");
const title = document.getElementById("shown-title");
let home = null;

function putBack() {
  if (home) home.append(...shown.children);
  home = null;
}

function show(anchor) {
  const part = document.getElementById(anchor);
  if (!part || !part.dataset.title) return false;
  if (part.parentElement !== shown) {
    putBack();
    home = part.parentElement;
    shown.append(part);
  }
  title.textContent = part.dataset.title;
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  title.focus();
  return true;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const target = link && link.getAttribute("href");
  if (target && target.startsWith("#") && show(target.slice(1))) event.preventDefault();
  if (event.target === dialog || event.target.closest("dialog button")) dialog.close();
});
dialog.addEventListener("close", putBack);
if (location.hash) show(location.hash.slice(1));
