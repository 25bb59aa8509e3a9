"use strict";
// Everything from tools is put in as text: no HTML is ever parsed here, and the page's policy forbids it as well.
const data = JSON.parse(document.getElementById("data").textContent);
const all = data.findings;
const at = (id) => document.getElementById(id);
const PAGE = 50;

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

const place = (one) => (one.p < 0 ? "the project" : data.files[one.p] + (one.n ? ":" + one.n : ""));
const words = all.map((one) => {
  const rule = data.rules[one.r];
  const advisory = one.v ? one.v.package + " " + one.v.ids.join(" ") : "";
  const weaknesses = (one.w || []).map((number) => "cwe-" + number).join(" ");
  return [rule.n, place(one), one.m, advisory, weaknesses].join("\n").toLowerCase();
});

const groupings = {
  rule: (one) => data.rules[one.r].n,
  file: (one) => (one.p < 0 ? "the project" : data.files[one.p]),
  package: (one) => (one.v ? one.v.package + " " + one.v.version : "not about a package"),
  severity: (one) => one.s,
};
const shows = {
  blocks: (one) => one.t === "blocks",
  active: (one) => one.t !== "suppressed" && one.t !== "fixed",
  new: (one) => one.t === "blocks" || one.t === "new" || one.t === "not compared",
  known: (one) => one.t === "known",
  suppressed: (one) => one.t === "suppressed",
  fixed: (one) => one.t === "fixed",
};

function chosen() {
  const wanted = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const show = shows[at("show").value];
  const severity = at("severity").value;
  const stage = at("stage").value;
  const found = [];
  for (let index = 0; index < all.length; index++) {
    const one = all[index];
    if (!show(one) || (severity && one.s !== severity) || (stage && one.g !== stage)) continue;
    if (wanted.every((word) => words[index].includes(word))) found.push(one);
  }
  return found;
}

function code(one) {
  const block = make("pre", { tabindex: "0", "aria-label": "Code at " + place(one) });
  const width = String((one.n || 0) + 2).length;
  const row = (number, text) => {
    const shown = number ? String(number) : "";
    block.append(make("span", { class: "no", "aria-hidden": "true" }, shown.padStart(width) + "  "), text, "\n");
  };
  const before = one.b || [];
  before.forEach((text, index) => row(one.n - before.length + index, text));
  const letters = Array.from(one.k);
  const start = Math.max(0, (one.c || 1) - 1);
  const end = one.e ? one.e - 1 : one.c ? letters.length : 0;
  const line = document.createDocumentFragment();
  line.append(letters.slice(0, start).join(""));
  const marked = letters.slice(start, Math.max(start, end)).join("");
  if (marked) line.append(make("mark", {}, marked));
  line.append(letters.slice(Math.max(start, end)).join(""));
  row(one.n, line);
  (one.a || []).forEach((text, index) => row(one.n + 1 + index, text));
  return block;
}

function labelled(label, text) {
  return text ? make("p", {}, make("strong", {}, label + ": "), text) : null;
}

function advisory(one) {
  const known = one.v;
  if (!known) return [];
  const parts = [labelled("Also known as", known.ids.join(", ")), labelled("Fixed in", known.fixed.join(", "))];
  if (known.via.length > 1) {
    const path = make("ol", { class: "path", "aria-label": "How " + known.package + " comes in" });
    known.via.forEach((name) => path.append(make("li", {}, name)));
    parts.push(path);
  } else if (known.direct) {
    parts.push(make("p", { class: "quiet" }, "Asked for by the project itself."));
  }
  parts.push(labelled("Imported at", known.imported.join(", ")));
  return parts;
}

function article(one) {
  const rule = data.rules[one.r];
  const name = rule.u ? make("a", { href: rule.u, rel: "noopener noreferrer" }, rule.n) : rule.n;
  const tag = make("span", { class: "tag" + (one.t === "blocks" ? " error" : "") }, one.t);
  const node = make("li", { class: "finding" });
  node.append(make("h3", {}, make("span", { class: "sev " + one.l }, one.s), " ", name, " ", tag));
  node.append(make("p", { class: "quiet" }, make("code", {}, place(one))), make("p", {}, one.m));
  if (one.k) node.append(code(one));
  const weaknesses = (one.w || []).map((number) => "CWE-" + number + (data.cwe[number] ? " " + data.cwe[number] : ""));
  const parts = [labelled("Fix", one.x), ...advisory(one), labelled("Weakness", weaknesses.join("; "))];
  parts.push(labelled("Also seen by", (one.o || []).join(", ")), labelled("Suppressed", one.q));
  node.append(...parts.filter((part) => part !== null));
  return node;
}

function more(list, rest, draw, what) {
  rest.slice(0, PAGE).forEach((one) => list.append(draw(one)));
  const left = rest.slice(PAGE);
  if (!left.length) return;
  const button = make("button", { type: "button" }, "Show " + Math.min(PAGE, left.length) + " more of " + left.length + " " + what);
  const holder = make(list.tagName === "OL" ? "li" : "div", {}, button);
  button.addEventListener("click", () => {
    holder.remove();
    const before = list.children.length;
    more(list, left, draw, what);
    const first = list.children[before];
    first.setAttribute("tabindex", "-1");
    first.focus();
  });
  list.append(holder);
}

function section([name, found], open) {
  const counts = new Map();
  found.forEach((one) => counts.set(one.s, (counts.get(one.s) || 0) + 1));
  const told = [...counts].map(([word, count]) => count + " " + word).join(", ");
  const summary = make("summary", {}, make("strong", {}, name), make("span", { class: "quiet" }, " " + told));
  const node = make("details", { class: "group" }, summary);
  const fill = () => {
    if (!node.open || node.children.length > 1) return;
    const list = make("ol", {});
    more(list, found, article, "findings");
    node.append(list);
  };
  node.addEventListener("toggle", fill);
  if (open) {
    node.open = true;
    fill();
  }
  return node;
}

function draw() {
  const begin = performance.now();
  const found = chosen();
  const key = groupings[at("group").value];
  const groups = new Map();
  for (const one of found) {
    const name = key(one);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(one);
  }
  const list = make("div", {});
  const sections = [...groups];
  const few = found.length <= (sections.length <= 3 ? 60 : 25);  // they are read, not searched
  more(list, sections, (entry) => section(entry, few), "groups");
  at("list").replaceChildren(list);
  const count = found.length.toLocaleString("en") + (found.length === 1 ? " finding" : " findings");
  const piles = groups.size.toLocaleString("en") + (groups.size === 1 ? " group" : " groups");
  at("count").textContent = found.length ? count + " in " + piles : "Nothing fits.";
  document.documentElement.dataset.milliseconds = String(performance.now() - begin);
}

for (const id of ["show", "severity", "stage", "group"]) at(id).addEventListener("change", draw);
at("search").addEventListener("input", draw);
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
  if (event.key === "/" && !typing) {
    event.preventDefault();
    at("search").focus();
  }
});
at("explorer").hidden = false;
draw();
document.documentElement.dataset.ready = "yes";
