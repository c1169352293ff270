// The chat widget in a real browser, on the demo page over the mock service: how it looks in two languages, two themes and three
// widths, and whole ways through: looked up, compared, returned, handed over to the desk, offline and back, hostile texts.
//
// TERCET_CONSOLE_SHOTS names a folder for screenshots; TERCET_CONSOLE_ONLY, as a pattern, which checks to run. The last line says
// how many passed and failed. Against a real service (TERCET_CONSOLE_URL) there is nothing to run here; service.mjs is for that.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { runnerImport } from "vite";
import { startMock } from "../../mock/server.mjs";
import { CHROMIUM, FLAGS, faults } from "./chat.mjs";
import { contrast, overflow } from "./inspect.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SHOTS = process.env.TERCET_CONSOLE_SHOTS;
const ONLY = process.env.TERCET_CONSOLE_ONLY ? new RegExp(process.env.TERCET_CONSOLE_ONLY) : null;
const KEY = "tk_mockconverse";

if (process.env.TERCET_CONSOLE_URL) {
  console.log("widget: looked at over the mock only");
  process.exit(0);
}
if (SHOTS) mkdirSync(SHOTS, { recursive: true });

const mock = await startMock();
const { module: words } = await runnerImport(`${ROOT}widget/texts.ts`);
const { module: i18n } = await runnerImport(`${ROOT}src/i18n/index.ts`);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
const counts = { passed: 0, failed: 0 };

async function check(name, body) {
  if (ONLY !== null && !ONLY.test(name)) return;
  try {
    const findings = (await body()) ?? [];
    if (findings.length > 0) throw new Error(findings.slice(0, 8).join("\n    "));
    counts.passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    counts.failed += 1;
    console.log(`FAIL  ${name}\n    ${error.message.split("\n").slice(0, 12).join("\n    ")}`);
  }
}

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** The demo page with the widget on it. */
async function visit({ lang = "en", theme = "light", width = 1280, height = 820, token = null, key = KEY, open = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: "en-GB", colorScheme: theme, reducedMotion: "reduce", hasTouch: width < 640 });
  await context.addInitScript(`window.probes = { overflow: ${overflow}, contrast: ${contrast} };`);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // A service that says no, or is not there, is an answer that the browser writes down as an error.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) complaints.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => request.url().startsWith(mock.url) || request.url().startsWith("data:") || complaints.push(`asks elsewhere: ${request.url()}`));
  const address = new URL("/demo", mock.url);
  for (const [name, value] of Object.entries({ key, lang, token })) if (value !== null) address.searchParams.set(name, value);
  await page.goto(address.href);
  const t = words.texts[lang];
  const chat = page.locator("tercet-chat");
  const input = chat.getByRole("textbox", { name: t.compose });
  const answers = chat.locator(".msg.bot");
  if (open) {
    await chat.locator(".launcher").click();
    await answers.first().waitFor();
  }
  /** Says something and waits until it is answered. */
  const say = async (text) => {
    const n = await answers.count();
    await input.fill(text);
    await input.press("Enter");
    await answers.nth(n).waitFor();
    await chat.locator(".dots").waitFor({ state: "hidden" });
  };
  return { page, context, chat, input, answers, say, t, complaints, close: () => context.close() };
}

const shot = async (page, name) => void (SHOTS && (await page.screenshot({ path: `${SHOTS}/widget-${name}.png` })));

const SAID = {
  zh: { order: "我的订单到哪了？", compare: "对比云雀和苍鹭", recommend: "推荐一款笔记本", back: "我要退货", person: "转人工" },
  en: { order: "Where is my order?", compare: "Compare Lark and Heron", recommend: "Recommend a notebook", back: "I want to return it", person: "I want a person" },
};

for (const lang of ["zh", "en"]) {
  for (const [theme, width] of [["light", 1280], ["dark", 390], ["light", 320], ["dark", 1280]]) {
    const name = `${lang}-${theme}-${width}`;
    await check(`widget ${name}: every kind of answer`, async () => {
      const { page, chat, say, complaints, close } = await visit({ lang, theme, width, height: width < 640 ? 780 : 820 });
      const found = [];
      const look = async (what) => {
        await shot(page, `${name}-${what}`);
        found.push(...(await faults(page)).map((one) => `${what}: ${one}`));
      };
      await look("open");
      for (const what of ["order", "recommend", "compare", "back"]) {
        await say(SAID[lang][what]);
        await look(what);
      }
      await chat.locator(".msg.bot .cite").last().click();
      await chat.locator(".source:not([hidden])").waitFor();
      await look("source");
      await chat.getByRole("button", { name: words.texts[lang].menu }).click();
      await look("menu");
      await page.keyboard.press("Escape");
      await say(SAID[lang].person);
      await chat.locator(".banner:not([hidden])").waitFor();
      await look("waiting");
      await close();
      return [...complaints, ...found];
    });
  }
}

for (const width of [1280, 320]) {
  await check(`widget at ${width}: hostile texts are texts, and stay inside`, async () => {
    const { page, chat, input, say, complaints, close } = await visit({ width });
    const title = await page.title();
    await say("hostile <img src=x onerror=document.title='caught'>");
    await say(`${"W".repeat(3000)} hostile 👩‍👩‍👧‍👦`);
    await chat.locator(".cite").last().click({ timeout: 1_000 }).catch(() => undefined);
    await shot(page, `hostile-${width}`);
    expect((await page.title()) === title, "a text ran");
    const images = await chat.locator("img, script, iframe, b b, [onerror]").count();
    expect(images === 0, `${images} elements came out of a text`);
    expect(await chat.locator(".msg.customer .bubble").first().textContent() === "hostile <img src=x onerror=document.title='caught'>", "the customer's own words were changed");
    await input.fill("字".repeat(4001));
    expect(await chat.locator(".send").isDisabled(), "more than 4000 characters can be sent");
    await input.fill("😀".repeat(2100));
    expect(await chat.locator(".send").isEnabled(), "emoji are counted twice");
    const found = await faults(page);
    await close();
    return [...complaints, ...found];
  });
}

await check("a return is filled in by choices, confirmed, and cancelled another time", async () => {
  const { chat, say, answers, t, complaints, close } = await visit();
  await say(SAID.en.back);
  await chat.getByRole("button", { name: "Faulty" }).click();
  await answers.nth(2).waitFor();
  expect(await chat.getByRole("button", { name: "Faulty" }).isDisabled(), "an old choice can be chosen again");
  await chat.getByRole("button", { name: t.confirm }).click();
  await chat.getByText("R-1007").waitFor();
  await say(SAID.en.back);
  await chat.getByRole("button", { name: t.cancel }).last().click();
  await chat.getByText("nothing was submitted").waitFor();
  await close();
  return complaints;
});

await check("figures have sources that open; a number without one is not shown", async () => {
  const { chat, say, t, complaints, close } = await visit();
  await say("what are the rules");
  const last = chat.locator(".msg.bot").last();
  expect(!(await last.locator(".bubble").textContent()).includes("[9]"), "a citation without a source is shown");
  await last.getByRole("button", { name: t.source(1) }).first().click();
  await last.getByText("Returns and exchanges").waitFor();
  await last.getByRole("button", { name: t.sourceClose }).click();
  expect(await last.locator(".source").isHidden(), "the source stays open");
  await last.getByRole("button", { name: t.up, exact: true }).click();
  await last.getByText(t.thanks).waitFor();
  expect((await last.getByRole("button", { name: t.up, exact: true }).getAttribute("aria-pressed")) === "true", "the vote is not shown");
  await close();
  return complaints;
});

await check("a person takes over at the desk, answers, gives back; the customer is told each time, and rates", async () => {
  const { page, context, chat, say, input, t, complaints, close } = await visit({ lang: "zh", token: "good" });
  await say("我的订单 Q42 到哪了？");
  await say(SAID.zh.person);
  await chat.locator(".banner", { hasText: t.status.waiting }).waitFor();
  // The other side of the same conversation.
  await context.request.post(`${mock.url}/v1/session`, { data: { password: "tercet" }, headers: { origin: mock.url } });
  const desk = await context.newPage();
  await desk.addInitScript(() => localStorage.setItem("tercet.lang", "en"));
  await desk.goto(`${mock.url}/desk?state=waiting&query=Q42`);
  const d = i18n.dictionaries.en.service.desk;
  await desk.locator(".queue li a").first().click();
  await desk.getByRole("button", { name: d.take }).click();
  await chat.locator(".banner", { hasText: "李雯" }).waitFor();
  expect((await chat.locator("#who").textContent()) === "李雯", "the person's name is not shown");
  await desk.getByRole("button", { name: new RegExp(`^${d.insert}`) }).first().click();
  await desk.locator(".write textarea").press("Control+Enter");
  await chat.locator(".msg.person").first().waitFor();
  await input.fill("风扇一直响");
  await input.press("Enter");
  await desk.getByText("风扇一直响").first().waitFor();
  await shot(desk, "desk-live");
  await shot(page, "person");
  await desk.getByRole("button", { name: d.giveBack }).click();
  await desk.getByRole("dialog").getByRole("button", { name: d.giveBack }).click();
  await chat.getByText("已交还自动助手").waitFor();
  await say(SAID.zh.compare);
  await chat.getByRole("button", { name: t.menu }).click();
  await chat.getByRole("button", { name: t.endNow }).click();
  await chat.getByRole("radio", { name: t.star(4) }).check({ force: true });
  await shot(page, "rating");
  const found = await faults(page);
  await chat.getByRole("button", { name: t.rate, exact: true }).click();
  await chat.getByText(t.rated).waitFor();
  await chat.locator(".again").getByRole("button", { name: t.anew }).click();
  await chat.locator(".msg.customer").first().waitFor({ state: "detached" });
  await close();
  return [...complaints, ...found];
});

await check("what is typed without a network waits, and is sent once and in order", async () => {
  const { page, context, chat, input, answers, t, complaints, close } = await visit();
  await context.setOffline(true);
  for (const text of ["first of two", "second of two"]) {
    await input.fill(text);
    await input.press("Enter");
  }
  await chat.locator(".banner", { hasText: t.offline }).waitFor();
  await shot(page, "offline");
  expect((await chat.locator(".msg.pending").count()) === 2, "what was typed is not shown");
  await context.setOffline(false);
  await chat.locator(".msg.pending").first().waitFor({ state: "detached" });
  await answers.nth(2).waitFor();
  await page.reload();
  await answers.nth(2).waitFor();
  const said = await chat.locator(".msg.customer .bubble").allTextContents();
  expect(said.join("|") === "first of two|second of two", `the service has ${said.join("|")}`);
  await close();
  return complaints;
});

await check("an answer that was lost on the way back does not make the message twice", async () => {
  const { page, chat, input, answers, complaints, close } = await visit();
  let n_lost = 0;
  await page.route("**/v1/chat/*/messages", async (route) => {
    if (route.request().method() !== "POST" || n_lost >= 1) return route.continue();
    n_lost += 1;
    await route.fetch();
    await route.abort();
  });
  await input.fill("said once");
  await input.press("Enter");
  await answers.nth(1).waitFor();
  await chat.locator(".msg.pending").waitFor({ state: "detached" });
  await page.reload();
  await answers.nth(1).waitFor();
  expect(n_lost === 1 && (await chat.locator(".msg.customer").count()) === 1, `${await chat.locator(".msg.customer").count()} messages`);
  await close();
  return complaints;
});

await check("a conversation goes on on the next page, on a phone behind its button", async () => {
  for (const width of [1280, 390]) {
    const { page, chat, say, answers, complaints, close } = await visit({ width });
    await say("remember this");
    await page.goto(page.url().replace("lang=en", "lang=en&next=1"));
    if (width === 390) {
      expect(await chat.locator(".panel").isHidden(), "the panel hides the page that was gone to");
      await chat.locator(".launcher").click();
    }
    await chat.getByText("remember this").waitFor();
    await answers.nth(1).waitFor();
    expect(complaints.length === 0, complaints.join("\n"));
    await close();
  }
});

await check("a message that is refused says why, as text, and can be tried again or removed", async () => {
  const { chat, input, t, complaints, close } = await visit();
  await input.fill("forbidden");
  await input.press("Enter");
  await chat.getByText("<b>no markup</b>").waitFor();
  await chat.getByRole("button", { name: t.drop }).click();
  await chat.locator(".msg.refused").waitFor({ state: "detached" });
  await close();
  return complaints;
});

await check("the keyboard alone: in, around, and out again", async () => {
  const { page, chat, input, complaints, close } = await visit({ open: false });
  const focused = () => page.evaluate(() => {
    const root = document.querySelector("tercet-chat").shadowRoot;
    return root.activeElement?.className ?? document.activeElement?.localName;
  });
  await chat.locator(".launcher").focus();
  await page.keyboard.press("Enter");
  await chat.locator(".msg.bot").first().waitFor();
  expect(await input.evaluate((one) => one.getRootNode().activeElement === one), "the message is not focused");
  await page.keyboard.type("line one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("line two");
  await page.keyboard.press("Enter");
  await chat.locator(".msg.customer .bubble", { hasText: "line one" }).waitFor();
  for (let n = 0; n < 30; n += 1) {
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement.localName === "tercet-chat"), `the focus left the panel after ${n} steps`);
  }
  await page.keyboard.press("Escape");
  expect((await focused()) === "launcher", `the focus is at ${await focused()}`);
  expect(await chat.locator(".panel").isHidden(), "Escape does not close");
  await close();
  return complaints;
});

await check("an expired token makes an unknown customer, not a dead widget; a wrong key says why", async () => {
  const first = await visit({ token: "expired" });
  await first.say("hello");
  await first.close();
  const second = await visit({ key: "tk_wrong", open: false });
  await second.chat.locator(".launcher").click();
  await second.chat.locator(".trouble", { hasText: "converse" }).waitFor();
  const found = await faults(second.page);
  await second.close();
  return [...first.complaints, ...second.complaints, ...found];
});

for (const [lang, width] of [["zh", 1280], ["en", 390], ["zh", 320]]) {
  await check(`the demo page ${lang} at ${width}`, async () => {
    const { page, complaints, close } = await visit({ lang, width, open: false });
    await shot(page, `demo-${lang}-${width}`);
    const found = [...(await page.evaluate(overflow)), ...(await page.evaluate(contrast))];
    await page.goto(`${mock.url}/demo?lang=${lang}`);
    await page.locator("#missing:not([hidden])").waitFor();
    expect((await page.locator("tercet-chat").count()) === 0, "a widget without a key");
    await close();
    return [...complaints, ...found];
  });
}

await browser.close();
mock.close();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
