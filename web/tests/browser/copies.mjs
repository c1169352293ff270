// Copies of a real service, as their readers see them: every mail as a page of its own at the widths of a phone and a screen and in the dark,
// with its plain text, every poster as a picture. Nothing may stick out of a poster or a mail, be hard to read, run, or be fetched from elsewhere.
//
// Against TERCET_CONSOLE_URL with TERCET_CONSOLE_PASSWORD; TERCET_CONSOLE_SHOTS names a folder for pictures, TERCET_COPIES how many
// products are written about. The last line says how many passed and failed.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { contrast } from "./inspect.mjs";

const URL_BASE = (process.env.TERCET_CONSOLE_URL ?? "http://127.0.0.1:7878").replace(/\/$/, "");
const CHROMIUM = process.env.TERCET_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const SHOTS = process.env.TERCET_CONSOLE_SHOTS;
const N = Number(process.env.TERCET_COPIES ?? 4);
if (SHOTS) mkdirSync(SHOTS, { recursive: true });

let cookie = "";
async function ask(method, path, body) {
  const headers = { "Content-Type": "application/json", Origin: URL_BASE, ...(cookie ? { Cookie: cookie } : {}) };
  const answer = await fetch(`${URL_BASE}/v1${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  cookie ||= (answer.headers.get("set-cookie") ?? "").split(";")[0];
  return answer.json();
}

const counts = { passed: 0, failed: 0 };
async function check(name, body) {
  try {
    const found = await body();
    if (found.length > 0) throw new Error(found.slice(0, 6).join("\n    "));
    counts.passed += 1;
  } catch (error) {
    counts.failed += 1;
    console.log(`FAIL  ${name}\n    ${error.message}`);
  }
}

/** What of a mail sticks out of its window, is empty, or is not as a mail has to be. */
function lookAtMail() {
  const found = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width + 1) found.push(`it is ${document.documentElement.scrollWidth} wide in a window of ${width}`);
  for (const one of document.body.querySelectorAll("p, h1, h2, td, th, a, li")) {
    const box = one.getBoundingClientRect();
    if (box.right > width + 1 || box.left < -1) found.push(`<${one.localName}> sticks out: ${one.textContent.trim().slice(0, 40)}`);
    if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0 && getComputedStyle(one).display !== "inline") found.push(`words stick out of <${one.localName}>: ${one.textContent.trim().slice(0, 40)}`);
  }
  if (document.body.innerText.trim().length < 20) found.push("nothing to read");
  for (const one of document.querySelectorAll("img")) if (!one.hasAttribute("alt")) found.push("a picture without words");
  if (document.querySelector("script, form, iframe, [onclick], [onerror], [onload]")) found.push("something in it would run");
  return found;
}

/** What of a mail's plain text is not as it has to be: for those whose programs show no HTML. */
function lookAtText(draft, html) {
  const of = (name) => draft.fields.find((field) => field.name === name)?.text ?? "";
  const [text, found] = [of("text"), []];
  if (text.trim().length < 20) found.push("next to nothing to read");
  if (/<[a-z/!]|&(amp|lt|gt|quot|#\d+);/i.test(text)) found.push(`markup in it: ${text.slice(0, 80)}`);
  for (const place of ["{{product_url}}", "{{unsubscribe_url}}"]) if (html.includes(place) && !text.includes(place)) found.push(`${place} is in the page and not in the text`);
  if (of("subject").trim() === "" || of("preheader").trim() === "") found.push("no subject, or nothing beside it");
  return found;
}

/** What of a poster sticks out of it, or lies over something else. */
function lookAtPoster() {
  const svg = document.querySelector("svg");
  const frame = svg.getBoundingClientRect();
  const lines = [...svg.querySelectorAll("text")].map((one) => ({ text: one.textContent, box: one.getBoundingClientRect() }));
  const found = lines.length === 0 ? ["no words"] : [];
  for (const { text, box } of lines) if (box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom) found.push(`sticks out: ${text}`);
  for (const [at, one] of lines.entries())
    for (const other of lines.slice(at + 1)) {
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      // Boxes of letters are taller than what is drawn.
      if (across > 1 && down > 0.35 * Math.min(one.box.height, other.box.height)) found.push(`“${one.text}” lies over “${other.text}”`);
    }
  return found;
}

await ask("POST", "/session", { password: process.env.TERCET_CONSOLE_PASSWORD ?? "tercet" });
const all = await ask("GET", "/products?limit=200");
const step = Math.max(1, Math.floor(all.items.length / N));
const products = all.items.filter((_, at) => at % step === 0).slice(0, N);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
let nth = 0;
for (const product of products) {
  for (const language of ["zh", "en"]) {
    nth += 1;
    const brief = { product_ids: [product.product_id], goal: ["launch", "win_back"][nth % 2], language, n_variants: 2, seed: nth };
    const mail = await ask("POST", "/content/write", { ...brief, channel: "email" });
    for (const [at, variant] of mail.variants.entries()) {
      const html = variant.draft.fields.find(({ is_html }) => is_html).text;
      for (const [width, height, colorScheme] of [[375, 812, "light"], [1024, 900, "light"], [375, 812, "dark"]]) {
        await check(`mail ${product.product_id} ${language} ${at} at ${width}, ${colorScheme}`, async () => {
          // Without scripts of the mail's own; what would be fetched is told and not fetched.
          const context = await browser.newContext({ viewport: { width, height }, colorScheme });
          const page = await context.newPage();
          const asked = [];
          await page.route("**/*", (route) => (asked.push(route.request().url()), route.abort()));
          await page.setContent(html.replaceAll("{{product_url}}", "https://www.example.com/").replaceAll("{{unsubscribe_url}}", "https://www.example.com/stop"), { waitUntil: "load" });
          const found = await page.evaluate(lookAtMail);
          found.push(...(await page.evaluate(contrast)));
          found.push(...asked.filter((url) => url !== (product.image_url ?? "")).map((url) => `asks for ${url}`));
          if (SHOTS && at === 0 && nth <= 4) await page.screenshot({ path: `${SHOTS}/real-mail-${nth}-${language}-${width}-${colorScheme}.png`, fullPage: true });
          await context.close();
          return found;
        });
      }
      await check(`mail ${product.product_id} ${language} ${at} as plain text`, async () => lookAtText(variant.draft, html));
    }
    const posters = await ask("POST", "/content/write", { ...brief, channel: "poster" });
    for (const [at, variant] of posters.variants.entries())
      for (const format of ["portrait", "square", "banner"])
        await check(`poster ${product.product_id} ${language} ${at} ${format}`, async () => {
          const made = await ask("POST", "/content/poster", { draft: variant.draft, format, palette: nth % 4 });
          const page = await browser.newPage({ viewport: { width: Math.ceil(made.width), height: Math.ceil(made.height) } });
          await page.setContent(`<style>*{margin:0}</style>${made.svg}`);
          const found = await page.evaluate(lookAtPoster);
          if (SHOTS && at === 0 && nth <= 4) await page.screenshot({ path: `${SHOTS}/real-poster-${nth}-${language}-${format}.png` });
          await page.close();
          return found;
        });
  }
}
await browser.close();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
