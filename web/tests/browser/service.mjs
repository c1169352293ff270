// Whole conversations with the program itself, through the widget on its demo page, on a desktop and on a phone, in both languages: an
// order is looked up, two notebooks are compared, the fit of an accessory is checked, a return is filed, a person is asked for, and one
// answers at the desk.
//
// TERCET_CONSOLE_URL is the program's address, TERCET_CONSOLE_PASSWORD the console's password, TERCET_SERVICE_TALKS who talks about what, as
// `cargo xtask test console-browser` makes it from the shop's tables. Without them nothing is run. TERCET_CONSOLE_SHOTS names a
// folder for screenshots; TERCET_CONSOLE_ONLY, as a pattern, which conversations to hold. The last line says how many passed and failed.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { runnerImport } from "vite";
import { CHROMIUM, FLAGS, faults } from "./chat.mjs";
import { contrast, overflow } from "./inspect.mjs";

const { TERCET_CONSOLE_URL: URL_BASE, TERCET_CONSOLE_PASSWORD: PASSWORD, TERCET_SERVICE_TALKS: TALKS, TERCET_CONSOLE_SHOTS: SHOTS } = process.env;
if (!URL_BASE || !TALKS) {
  console.log("service: held with the program alone");
  process.exit(0);
}
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ONLY = process.env.TERCET_CONSOLE_ONLY ? new RegExp(process.env.TERCET_CONSOLE_ONLY) : null;
const base = URL_BASE.replace(/\/$/, "");
if (SHOTS) mkdirSync(SHOTS, { recursive: true });

const { key, talks } = JSON.parse(TALKS);
const { module: words } = await runnerImport(`${ROOT}widget/texts.ts`);
const { module: i18n } = await runnerImport(`${ROOT}src/i18n/index.ts`);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
/** For the courier: what the form asks besides its choices. */
const PHONE = "13812345678";
const counts = { passed: 0, failed: 0 };

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** What is said, and what must be shown for it; what the form asks is answered by its own buttons. */
const SAID = {
  zh: {
    hello: "你好", order: "我最近的订单到哪了？", compare: ({ a, b }) => `对比${a}和${b}`, weight: "第一款多重？", price: "那它多少钱？", fit: ({ accessory, device }) => `${accessory}能用在${device}上吗？`,
    how: "怎么退货？", back: ({ order_id }) => `我要退订单 ${order_id}`, person: "转人工", fits: /能|可以|适配|支持|兼容/, agent: "李雯", reply: "您好，我是李雯，退货我已经看到了。", thanks: "好的，谢谢",
  },
  en: {
    hello: "Hello", order: "Where is my last order?", compare: ({ a, b }) => `Compare the ${a} and the ${b}`, weight: "How heavy is the first one?", price: "And what does it cost?",
    fit: ({ accessory, device }) => `Does the ${accessory} fit the ${device}?`, how: "How do I return something?", back: ({ order_id }) => `I want to return order ${order_id}`,
    person: "I want to talk to a person", fits: /fits|yes|works|compatible/i, agent: "Liwen", reply: "Hello, Liwen here. I have seen your return.", thanks: "Good, thank you",
  },
};

async function open({ lang, width, height, token }, complaints) {
  const context = await browser.newContext({ viewport: { width, height }, locale: "en-GB", colorScheme: "light", reducedMotion: "reduce", hasTouch: width < 640 });
  await context.addInitScript(`window.probes = { overflow: ${overflow}, contrast: ${contrast} };`);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && complaints.push(`console: ${message.text()}`));
  page.on("request", (request) => request.url().startsWith(base) || request.url().startsWith("data:") || complaints.push(`asks elsewhere: ${request.url()}`));
  const address = new URL("/demo", base);
  for (const [name, value] of Object.entries({ key, lang, token })) address.searchParams.set(name, value);
  await page.goto(address.href);
  const chat = page.locator("tercet-chat");
  await chat.locator(".launcher").click();
  await chat.locator(".msg.bot").first().waitFor();
  return { context, page, chat };
}

async function talk(one, name) {
  const complaints = [];
  const { context, page, chat } = await open(one, complaints);
  const [t, said] = [words.texts[one.lang], SAID[one.lang]];
  const answers = chat.locator(".msg.bot");
  const input = chat.getByRole("textbox", { name: t.compose });
  let n_turns = 0;
  /** Does something that the service answers, looks at the page, and gives the text of the answer. */
  const turn = async (what, act) => {
    const n = await answers.count();
    await act();
    await answers.nth(n).waitFor();
    await chat.locator(".dots").waitFor({ state: "hidden" });
    n_turns += 1;
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/service-${name}-${String(n_turns).padStart(2, "0")}-${what}.png` });
    complaints.push(...(await faults(page)).map((fault) => `${what}: ${fault}`));
    const last = answers.nth(n);
    const text = await last.innerText();
    console.log(`      ${what}: ${text.replace(/\s+/g, " ").slice(0, 160)}`);
    return { last, text };
  };
  const say = (what, text) => turn(what, async () => {
    await input.fill(text);
    await input.press("Enter");
  });

  await say("hello", said.hello);
  const order = await say("order", said.order);
  expect(order.text.includes(one.order_id), `the order ${one.order_id} is not told: ${order.text}`);
  const compared = await say("compare", said.compare(one));
  const heads = await compared.last.locator("thead .clamp").allTextContents();
  expect(heads.length === 2 && [one.a, one.b].every((wanted) => heads.some((head) => head.includes(wanted))), `compared are ${heads.join(" | ")}, not ${one.a} and ${one.b}`);
  const weight = await say("weight", said.weight);
  expect(/\d[\d.,]* ?(k?g|克|千克|公斤)/i.test(weight.text), `no weight: ${weight.text}`);
  const price = await say("price", said.price);
  expect(price.text.includes(one.price), `the price of the first is ${one.price}: ${price.text}`);
  const fit = await say("fit", said.fit(one));
  expect(said.fits.test(fit.text), `no word of the fit: ${fit.text}`);
  await say("how", said.how);
  let form = await say("return", said.back(one));
  for (let n = 0; n < 8; n += 1) {
    const card = form.last.locator(".card.form");
    expect((await card.count()) === 1, `no form is shown: ${form.text}`);
    const confirm = card.getByRole("button", { name: t.confirm });
    if ((await confirm.count()) > 0) {
      form = await turn("confirmed", () => confirm.click());
      break;
    }
    const choice = card.locator(".choices:not(.end) button").first();
    form = (await choice.count()) > 0 ? await turn("chosen", () => choice.click()) : await say("phone", PHONE);
  }
  expect(/已经提交|Submitted:/.test(form.text), `nothing was submitted: ${form.text}`);
  await say("person", said.person);
  await chat.locator(".banner:not([hidden])").waitFor();
  expect(n_turns >= 10, `${n_turns} turns`);

  // The other side of the same conversation.
  await context.request.post(`${base}/v1/session`, { data: { password: PASSWORD }, headers: { origin: base } });
  const cases = await (await context.request.get(`${base}/v1/desk/cases`)).json();
  expect(cases.items.some((filed) => JSON.stringify(filed).includes(one.order_id)), "the return stands in no case");
  const waiting = await (await context.request.get(`${base}/v1/desk/conversations?state=waiting&query=${one.customer_id}`)).json();
  expect(waiting.items.length > 0, `nobody waits at the desk as ${one.customer_id}`);
  await answered({ one, said, name, context, page, chat, input, complaints, id: waiting.items[0].conversation_id });
  complaints.push(...(await faults(page)).map((fault) => `person: ${fault}`));
  await context.close();
  return complaints;
}

/** Somebody takes the conversation over at the desk and writes; the customer reads it in the widget and writes back, which the desk shows. */
async function answered({ one, said, name, context, page, chat, input, complaints, id }) {
  const d = i18n.dictionaries[one.lang].service.desk;
  const desk = await context.newPage();
  await desk.setViewportSize({ width: 1280, height: 820 });
  desk.setDefaultTimeout(30_000);
  desk.on("pageerror", (error) => complaints.push(`desk: ${error.message}`));
  await desk.addInitScript(([lang, agent]) => {
    localStorage.setItem("tercet.lang", lang);
    localStorage.setItem("tercet.desk.name", agent);
  }, [one.lang, said.agent]);
  await desk.goto(new URL(`/desk?state=waiting&query=${encodeURIComponent(one.customer_id)}`, base).href);
  const row = desk.locator(`.queue li a[href*="${id}"]`);
  await row.click();
  await desk.getByRole("button", { name: d.take }).click();
  await chat.locator(".banner", { hasText: said.agent }).waitFor();
  await desk.getByRole("button", { name: d.giveBack }).waitFor();
  await desk.locator(".write textarea").fill(said.reply);
  await desk.locator(".write").getByRole("button", { name: d.send }).click();
  const reply = chat.locator(".msg.person", { hasText: said.reply });
  await reply.waitFor();
  expect((await chat.locator("#who").textContent()) === said.agent, "the person's name is not shown");
  await input.fill(said.thanks);
  await input.press("Enter");
  await desk.locator(".messages").getByText(said.thanks).first().waitFor();
  if (SHOTS) {
    await page.screenshot({ path: `${SHOTS}/service-${name}-98-reply.png` });
    await desk.screenshot({ path: `${SHOTS}/service-${name}-99-desk.png` });
  }
  console.log(`      desk: ${(await reply.innerText()).replace(/\s+/g, " ")}`);
}

for (const one of talks) {
  const name = `${one.lang}-${one.width}`;
  if (ONLY !== null && !ONLY.test(name)) continue;
  try {
    const findings = await talk(one, name);
    if (findings.length > 0) throw new Error(findings.slice(0, 8).join("\n    "));
    counts.passed += 1;
    console.log(`ok    a conversation with the program, ${name}`);
  } catch (error) {
    counts.failed += 1;
    console.log(`FAIL  a conversation with the program, ${name}\n    ${error.message.split("\n").slice(0, 12).join("\n    ")}`);
  }
}
await browser.close();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
