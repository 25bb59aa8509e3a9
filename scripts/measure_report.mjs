// Opens a report.html in headless Chromium: requests, accessibility, first paint, filtering, pictures.
//
//   node scripts/measure_report.mjs REPORT.html [--shots FOLDER]
//
// Needs `npm install playwright-core axe-core` (NODE_MODULES names the folder, default node_modules) and a chromium
// (CHROMIUM names it, default /usr/bin/chromium). Prints one JSON object; the exit status is 1 if a limit is exceeded:
// any request, any axe violation, any error on the page, first paint from 1000 ms, filtering from 100 ms.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const modules = resolve(process.env.NODE_MODULES || "node_modules");
const require = createRequire(modules + "/x.js");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const page_file = resolve(process.argv[2]);
const shots = process.argv[3] === "--shots" ? resolve(process.argv[4]) : "";
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"],
});
const told = { requests: [], errors: [], violations: [], first_paint: 0, ready: 0, filtering: {}, title: "" };

async function open(colorScheme, viewport, bypassCSP) {
  const context = await browser.newContext({ colorScheme, viewport, bypassCSP });
  const page = await context.newPage();
  const own = pathToFileURL(page_file).href;
  page.on("request", (request) => {
    const url = request.url();
    if (url !== own && !url.startsWith("data:")) told.requests.push(url);
  });
  page.on("pageerror", (error) => told.errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && told.errors.push(message.text()));
  const begin = performance.now();
  await page.goto(own, { waitUntil: "load" });
  await page.waitForSelector("html[data-ready]");
  return [page, performance.now() - begin];
}

async function picture(page, name) {
  if (shots) await page.screenshot({ path: `${shots}/${name}.png` });
}

const wide = { width: 1200, height: 800 };
const [page, ready] = await open("light", wide, false);
told.ready = Math.round(ready);
told.first_paint = await page.evaluate(async () => {
  for (let turn = 0; turn < 50; turn++) {
    const entry = performance.getEntriesByName("first-contentful-paint")[0];
    if (entry) return Math.round(entry.startTime);
    await new Promise((done) => setTimeout(done, 20));
  }
  return -1;
});
await picture(page, "light");

// What a person does: type word by word, choose; each is timed from the event to the frame that shows it.
const steps = [["search", "v"], ["search", "value"], ["search", "value number 7"], ["search", "no such thing"], ["search", ""],
  ["show", "active"], ["group", "file"], ["group", "package"], ["group", "severity"], ["severity", "high"], ["severity", ""]];
for (const [id, value] of steps) {
  if (id === "severity" && !(await page.locator(`#severity option[value="${value}"]`).count())) continue;
  told.filtering[`${id}=${value}`] = await page.evaluate(async ([id, value]) => {
    const node = document.getElementById(id);
    const begin = performance.now();
    node.value = value;
    node.dispatchEvent(new Event(id === "search" ? "input" : "change"));
    void document.body.offsetHeight;
    return Math.round((performance.now() - begin) * 10) / 10;
  }, [id, value]);
}
await page.selectOption("#group", "rule");
const group = page.locator("details.group").first();
if (await group.count()) {
  if (!(await group.evaluate((node) => node.open))) {
    await group.locator("summary").focus();
    await page.keyboard.press("Enter");
  }
  await page.waitForSelector(".finding");
  await page.locator("#explorer").scrollIntoViewIfNeeded();
  await page.evaluate(() => document.getElementById("findings").scrollIntoView());
  await picture(page, "findings");
}
if (shots) {
  await page.fill("#search", "taken");
  const hostile = page.locator("details.group").first();
  if (await hostile.count()) {
    if (!(await hostile.evaluate((node) => node.open))) await hostile.locator("summary").click();
    await picture(page, "hostile");
  }
}
await page.keyboard.press("Escape");
await page.evaluate(() => document.activeElement.blur());
await page.keyboard.press("/");
told.slash_focuses_search = await page.evaluate(() => document.activeElement.id === "search");
told.title = await page.title();

const small = { width: 400, height: 800 };
for (const [name, scheme, viewport] of [["light", "light", wide], ["dark", "dark", wide], ["phone", "light", small]]) {
  const [other] = await open(scheme, viewport, true); // axe is put in by us, which the page's policy rightly forbids
  const groups = other.locator("details.group");
  for (let index = 0; index < Math.min(3, await groups.count()); index++) {
    const one = groups.nth(index);
    if (!(await one.evaluate((node) => node.open))) await one.locator("summary").click();
  }
  await other.evaluate(axe);
  const result = await other.evaluate(() => axe.run());
  for (const one of result.violations) told.violations.push(`${name}: ${one.id}: ${one.nodes[0].html.slice(0, 160)}`);
  told.overflow = { ...told.overflow, [name]: await other.evaluate(() => document.documentElement.scrollWidth - innerWidth) };
  await other.evaluate(() => scrollTo(0, 0));
  if (name !== "light") await picture(other, name);
}
await browser.close();
told.slowest_filter = Math.max(...Object.values(told.filtering));
console.log(JSON.stringify(told, null, 1));
const good = !told.requests.length && !told.errors.length && !told.violations.length && told.slash_focuses_search
  && told.first_paint >= 0 && told.first_paint < 1000 && told.slowest_filter < 100;
process.exit(good ? 0 : 1);
