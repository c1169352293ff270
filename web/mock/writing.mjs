// Models that write, of the invented shop: one ready, one stopped half-way. Deterministic, in the shapes of the service.
import { randomFrom } from "./data.mjs";

const round = (value, digits = 4) => Math.round(value * 10 ** digits) / 10 ** digits;

function curveOf(n, epochs, seed, now) {
  const random = randomFrom(seed);
  return Array.from({ length: n }, (_, at) => {
    const epoch = ((at + 1) * epochs) / n;
    const loss = 0.35 + 5.2 * Math.exp(-epoch / 4.5);
    const whole = Math.floor(epoch) > Math.floor((at * epochs) / n);
    return {
      step: (at + 1) * 12, epoch: round(epoch), loss: round(loss * (1 + 0.05 * (random() - 0.5))), valid_loss: whole ? round(loss + 0.12 + 0.012 * epoch) : null,
      tokens_per_second: Math.round(3_900 + 300 * random()), at: now - (n - at) * 4_000,
    };
  });
}

/** Words and characters, as the service cuts them. */
const unitsOf = (text) => text.match(/\p{Script=Han}|[\p{L}\p{N}]+(?:[-.'][\p{L}\p{N}]+)*|[^\s]/gu) ?? [];

/** Mostly along the diagonal, as when words are taken in their order. */
function attentionOf(tokens, source) {
  return tokens.map((token, row) => {
    const exact = source.indexOf(token);
    const middle = exact >= 0 ? exact : (row * (source.length - 1)) / Math.max(1, tokens.length - 1);
    const raw = source.map((_, column) => Math.exp(-((column - middle) ** 2) / (exact >= 0 ? 0.3 : 1.6)) + 0.01);
    const sum = raw.reduce((a, b) => a + b, 0);
    return raw.map((value) => round(value / sum));
  });
}

export function createWriting(now) {
  const ready = {
    name: "titles", version: "000003", trained_at: now - 3 * 86_400_000, cell: "gru", attention: "additive", pairs: "titles", n_pairs: 4_812, n_parameters: 2_214_880,
    problem: null, bleu: 61.4, exact: 0.382, valid_loss: 0.471, n_rejected: 3, rejected: [{ line: 0, reason: "source has 214 words and characters; allowed: 1 to 200" }], versions: ["000001", "000002", "000003"], learning: null,
  };
  const half = {
    name: "service-answers", version: null, trained_at: null, cell: "transformer", attention: null, pairs: "pairs/service-answers-2026.csv", n_pairs: 21_430, n_parameters: 4_890_112,
    problem: null, bleu: null, exact: null, valid_loss: null, n_rejected: 0, rejected: [], versions: [],
    learning: { done: 0.42, step: 1_512, loss: 1.212, valid_loss: 1.391, tokens_per_second: 4_050, seconds_left: null, seconds: 412 },
  };
  const models = [half, ready];
  const curves = { titles: curveOf(120, 22, 3, now), "service-answers": curveOf(60, 12.6, 4, now) };

  function stateOf(model, jobs) {
    const job = jobs.find((one) => one.kind === "seq2seq" && one.params?.name === model.name && one.state === "running");
    if (job === undefined) return { ...model, state: model.learning === null ? "ready" : "paused" };
    const done = Math.max(model.learning?.done ?? 0, round(job.progress));
    return { ...model, state: "training", learning: { ...(model.learning ?? half.learning), done, seconds_left: Math.round(600 * (1 - done)) } };
  }

  function write(model, body, refuse) {
    if (model.version === null) refuse(409, "learning", `'${model.name}' has not been learned to its end yet`, "let it go on, then ask again");
    const source = unitsOf(body.text);
    const phrase = (body.must ?? [])[0];
    const texts = ["云雀 Air 轻薄本 14英寸 16GB 512GB", "云雀轻薄本 14英寸 16GB+512GB", "Lark Air 14 laptop 16GB"].map((text) => (phrase && !text.includes(phrase) ? `${text} ${phrase}` : text));
    const items = texts.filter((text) => !(body.must_not ?? []).some((word) => text.includes(word))).slice(0, body.n ?? 3).map((text, at) => {
      const tokens = unitsOf(text);
      return { text, tokens, score: round(-0.21 - 0.34 * at), ended: at < 2, attention: attentionOf(tokens, source) };
    });
    return { name: model.name, version: model.version, source, unknown: source.flatMap((word, at) => (word === "☃" ? [at] : [])), masked: /1\d{10}/.test(body.text), items };
  }

  function answer(method, path, body, { empty, refuse, jobs }) {
    const [, first, name, what] = path.split("/").map(decodeURIComponent);
    if (first !== "seq2seq") return undefined;
    const all = empty ? [] : models.map((model) => stateOf(model, jobs()));
    if (name === undefined) return { items: all };
    const model = all.find((one) => one.name === name);
    if (model === undefined) return refuse(404, "not_found", `there is no model that writes '${name}'`);
    if (method === "DELETE") return void models.splice(models.findIndex((one) => one.name === name), 1) ?? null;
    if (what === "curve") return { name, state: model.state, points: curves[name] ?? [], done: model.learning?.done ?? 1, seconds_left: model.learning?.seconds_left ?? null };
    if (what === "write") return write(model, body, refuse);
    return undefined;
  }

  /** A learning has come to its end. */
  function learned(params) {
    const model = models.find((one) => one.name === params?.name);
    const made = { version: "000001", trained_at: Date.now(), bleu: 48.2, exact: 0.21, valid_loss: 0.912, versions: ["000001"], learning: null };
    if (model !== undefined) Object.assign(model, made);
    return { name: params?.name, version: "000001", bleu: 48.2 };
  }

  return { answer, learned };
}
