// Documents of the invented shop, which customer service cites: in versions, compared passage by passage, retired and put back.
const DAY = 86_400_000;
const HOSTILE = `<img src=x onerror="document.title='caught'"> ${"超长".repeat(30)}${"W".repeat(400)} 🤖 &amp; "quotes"`;

const RETURNS = [
  ["退换货规则", "七天无理由退货", "自签收之日起 7 日内，商品完好、附件齐全的，可以无理由退货。定制商品与已激活的软件除外。"],
  ["退换货规则", "退款", "退款在收到退回商品后 3 个工作日内原路返回。"],
  ["退换货规则", "换货", "有质量问题的商品，自签收之日起 15 日内可以换货。运费由本店承担。"],
];
const TRAVEL = [
  ["Batteries on the way", "By plane", "Power banks of up to 100 Wh may be taken in the cabin, two for each person. They may not be checked in."],
  ["Batteries on the way", "By post", "We send batteries by road alone; allow one more day."],
];
const MANUAL = Array.from({ length: 64 }, (_, at) => ["Lark Air 14 — user manual", `Chapter ${Math.floor(at / 4) + 1}`, `Step ${at + 1}: hold the power key for ${3 + (at % 5)} seconds, then wait until the light beside the hinge is steady. Do not open the lid while the firmware is being written.`]);

const chunk = ([title, heading, text]) => ({ sections: heading === "" ? [title] : [title, heading], text });
const wholeOf = (chunks) => chunks.map(({ sections, text }) => `${sections.at(-1)}\n${text}\n`).join("");
const digest = (text) => {
  let hash = 0xcbf29ce484222325n;
  for (const letter of text) hash = BigInt.asUintN(64, (hash ^ BigInt(letter.codePointAt(0))) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
};
const langOf = (text) => {
  const han = (text.match(/\p{Script=Han}/gu) ?? []).length;
  const latin = (text.match(/[A-Za-z]+/g) ?? []).length;
  return han + latin === 0 ? "other" : han > latin * 2 ? "zh" : han > latin / 4 ? "mixed" : "en";
};

/** Passages of a text with `#` headings. */
function cut(text, title) {
  const chunks = [];
  let sections = [];
  for (const part of text.split(/\n(?=#)|\n\n+/)) {
    const [first = "", ...rest] = part.split("\n");
    if (first.startsWith("#")) sections = [...sections.slice(0, first.indexOf(" ") - 1), first.replace(/^#+\s*/, "")];
    const said = (first.startsWith("#") ? rest : [first, ...rest]).join("\n").trim();
    if (said !== "") chunks.push({ sections: sections.length > 0 ? sections : [title], text: said });
  }
  return chunks;
}

/** As the service compares: passages that both have, in order, and those under one heading as changed. */
function compare(was, now) {
  const same = new Set(was.map(wholeOf1).filter((text) => now.some((one) => wholeOf1(one) === text)));
  const left = was.filter((one) => !same.has(wholeOf1(one)));
  const changes = [];
  for (const one of now) {
    if (same.has(wholeOf1(one))) continue;
    const at = left.findIndex((other) => other.sections.join("/") === one.sections.join("/"));
    const [before] = at < 0 ? [] : left.splice(at, 1);
    changes.push({ kind: before ? "changed" : "added", sections: one.sections, text: one.text, was: before?.text ?? null });
  }
  changes.push(...left.map((one) => ({ kind: "removed", sections: one.sections, text: null, was: one.text })));
  return { changes, n_same: same.size };
}
const wholeOf1 = (one) => wholeOf([one]);

export function createKnowledge(now) {
  const documents = new Map();

  function put(document_id, title, chunks, { at = Date.now(), origin = "console", product_ids = [], source = document_id, empty_log = false } = {}) {
    const known = documents.get(document_id) ?? { document_id, log: [], state: "on" };
    const version = { number: known.log.length + 1, version: digest(wholeOf(chunks)), at: empty_log ? null : at, origin: empty_log ? "" : origin, title, product_ids, source, chunks };
    const last = known.log.findLast((one) => one.chunks !== undefined);
    if (known.state === "on" && last !== undefined && last.version === version.version && last.title === title) return { document_id, outcome: "same", number: last.number, n_chunks: chunks.length };
    const outcome = known.log.length === 0 ? "new" : "changed";
    known.log.push(version);
    known.state = "on";
    documents.set(document_id, known);
    return { document_id, outcome, number: version.number, n_chunks: chunks.length };
  }
  function retire(known, at = Date.now()) {
    known.log.push({ number: known.log.length + 1, version: "", at, origin: "console", chunks: undefined });
    known.state = "retired";
  }

  const at = (days) => now - days * DAY;
  put("returns.md", "退换货规则", [RETURNS[0], ["退换货规则", "退款", "退款在收到退回商品后 7 个工作日内原路返回。"], ["退换货规则", "发票", "退货时请一并退回发票。"]].map(chunk), { empty_log: true, product_ids: ["P000101", "P000102"] });
  put("returns.md", "退换货规则", RETURNS.slice(0, 2).map(chunk), { at: at(21), origin: "returns.md", product_ids: ["P000101", "P000102"] });
  put("returns.md", "退换货规则（2026 年 11 月起）", RETURNS.map(chunk), { at: at(2), product_ids: ["P000101", "P000102"] });
  put("help/travel.html", "Travelling with batteries", TRAVEL.map(chunk), { at: at(9), origin: "help", source: "https://shop.example/help/travel" });
  put("manuals/lark-air-14/第 2 版/user-manual-final-really-final.pdf", "Lark Air 14 — user manual", MANUAL.map(chunk), { at: at(40), origin: "manuals", product_ids: ["P000101"] });
  put("hostile.md", HOSTILE.slice(0, 240), [["<b>x</b>", HOSTILE.slice(0, 120), HOSTILE]].map(chunk), { at: at(5), origin: HOSTILE.slice(0, 80), source: HOSTILE });
  put("promo-618.md", "618 活动说明", [["618 活动说明", "满减", "满 1000 减 100，可与店铺券叠加。"]].map(chunk), { at: at(170), origin: "promo-618.md" });
  retire(documents.get("promo-618.md"), at(150));
  for (let n = 1; n <= 27; n += 1) put(`faq/${String(n).padStart(2, "0")}.md`, `常见问题 ${n}`, [[`常见问题 ${n}`, "", `这是第 ${n} 个常见问题的答案。`]].map(chunk), { at: at(60 + n), origin: "faq" });

  const texted = (known) => known.log.findLast((one) => one.chunks !== undefined);
  function rowOf(known) {
    const last = known.log.at(-1);
    const of = texted(known);
    const text = wholeOf(of.chunks);
    return {
      document_id: known.document_id, title: of.title, source: of.source, product_ids: of.product_ids, version: of.version, number: last.number, state: known.state,
      changed_at: last.at, origin: last.origin, n_chunks: of.chunks.length, n_chars: [...text].length, lang: langOf(text),
    };
  }

  function viewOf(known, query) {
    const offset = Number(query.get("offset") ?? 0);
    let start = 0;
    const chunks = texted(known).chunks.map((one) => {
      const begin = start;
      start += one.text.length + 1;
      return { ...one, start: begin, end: start - 1 };
    });
    const versions = known.log.map(({ number, version, at: since, origin, chunks: text }, place) => ({
      number, version, at: since, origin, is_retirement: text === undefined, is_current: known.state === "on" && place === known.log.length - 1, is_kept: text !== undefined,
    }));
    return { document: rowOf(known), versions: versions.reverse(), chunks: chunks.slice(offset, offset + Number(query.get("limit") ?? 50)) };
  }

  function changesOf(known, number, refuse) {
    const one = known.log.find((version) => version.number === number);
    if (one?.chunks === undefined) return refuse(409, "version", `entry ${number} of '${known.document_id}' is a retirement, which has no text`);
    const before = known.log.findLast((version) => version.number < number && version.chunks !== undefined);
    const { changes, n_same } = compare(before?.chunks ?? [], one.chunks);
    const n = (kind) => changes.filter((change) => change.kind === kind).length;
    const differ = before !== undefined && before.product_ids.join() !== one.product_ids.join();
    return {
      number, against: before?.number ?? null, title: one.title, title_was: before !== undefined && before.title !== one.title ? before.title : null, product_ids: one.product_ids,
      product_ids_were: differ ? before.product_ids : null, n_same, n_added: n("added"), n_removed: n("removed"), n_changed: n("changed"), changes,
    };
  }

  function list(query, empty) {
    const words = (query.get("query") ?? "").toLowerCase();
    const all = empty ? [] : [...documents.values()].map((known) => ({ known, row: rowOf(known) }));
    const meant = all.filter(({ known, row }) => [row.document_id, row.title, row.source ?? "", wholeOf(texted(known).chunks)].join("\n").toLowerCase().includes(words) && (!query.get("lang") || row.lang === query.get("lang")));
    const rows = meant.map(({ row }) => row).filter((row) => !query.get("state") || row.state === query.get("state")).sort((a, b) => (b.changed_at ?? 0) - (a.changed_at ?? 0));
    const offset = Number(query.get("offset") ?? 0);
    const n = (state) => meant.filter(({ row }) => row.state === state).length;
    return { items: rows.slice(offset, offset + Number(query.get("limit") ?? 50)), total: rows.length, n_on: n("on"), n_retired: n("retired") };
  }

  function answer(method, path, query, body, { empty, refuse, startJob }) {
    const [, first, second, third, fourth] = path.split("/").map(decodeURIComponent);
    if (first === "import" && method === "POST") {
      const rows = String(body).trim().split("\n").length - 1;
      return startJob("import", { table: second, file: query.get("name") }, () => ({ files: [{ file: query.get("name"), table: second, rows_read: rows, rows_kept: rows - 1, rows_rejected: 1, already_imported_as: null }] }));
    }
    if (first !== "knowledge") return undefined;
    if (second === undefined && method === "GET") return list(query, empty);
    if (second === undefined) {
      const name = query.get("name");
      if (!/\.(md|markdown|html?|pdf|docx|txt)$/i.test(name)) return refuse(400, "document", `${name}: ${name} is no document; Markdown (.md), HTML (.html), PDF, DOCX and plain text (.txt) are read`, "questions with answers (CSV) go to POST /v1/import/answers");
      const title = /^#\s+(.+)$/m.exec(body)?.[1] ?? name.replace(/\.\w+$/, "");
      const chunks = cut(String(body), title);
      if (chunks.length === 0) return refuse(400, "document", `${name}: it is empty; a document with text is needed`);
      return put(query.get("document_id") ?? name, title, chunks);
    }
    const known = empty ? undefined : documents.get(second);
    if (known === undefined) return refuse(404, "not_found", `there is no document '${second}'`);
    if (method === "DELETE") return retire(known), null;
    if (third === "versions") return changesOf(known, Number(fourth), refuse);
    if (third === "restore") {
      const old = known.log.find((one) => one.number === body.number);
      return put(second, old.title, old.chunks, { origin: `version ${body.number}`, product_ids: old.product_ids, source: old.source });
    }
    return viewOf(known, query);
  }

  return { answer };
}
