// What stands in a reply, taken apart for showing: text and citations, sources, addresses of pictures. Pure; it makes no markup.
import type { ChatMessage, Evidence, Lang } from "./types";

export type Segment = { kind: "text"; text: string } | { kind: "cite"; n: number };

/** Text and `[n]`. A number without evidence is left out: nothing may look founded that is not. */
export function segmentsOf(text: string, n_evidence: number): Segment[] {
  const segments: Segment[] = [];
  let from = 0;
  const put = (to: number): void => {
    if (to > from) segments.push({ kind: "text", text: text.slice(from, to) });
  };
  for (const match of text.matchAll(/ ?\[(\d{1,3})\]/g)) {
    const n = Number(match[1]);
    put(match.index);
    from = match.index + match[0].length;
    if (n >= 1 && n <= n_evidence) segments.push({ kind: "cite", n });
  }
  put(text.length);
  return segments;
}

/** An address that may be asked for a picture, or none: http and https only, whatever is written before it. */
export function safeUrl(url: string | null | undefined, base: string): string | null {
  if (!url) return null;
  try {
    const whole = new URL(url, base);
    return whole.protocol === "https:" || whole.protocol === "http:" ? whole.href : null;
  } catch {
    return null;
  }
}

/** The page of a product, by the shop's own pattern with `{id}`; none without one. */
export function productUrl(pattern: string | null, product_id: string, base: string): string | null {
  if (pattern === null || !pattern.includes("{id}")) return null;
  return safeUrl(pattern.replaceAll("{id}", encodeURIComponent(product_id)), base);
}

export interface Source {
  /** Which of the texts names the kind. */
  kind: Evidence["source"];
  title: string;
  quote: string;
}

/** What evidence is called and what it says. */
export function sourceOf(evidence: Evidence): Source {
  switch (evidence.source) {
    case "product": return { kind: evidence.source, title: `${evidence.name} · ${evidence.field}`, quote: evidence.value };
    case "order": return { kind: evidence.source, title: `${evidence.order_id} · ${evidence.field}`, quote: evidence.value };
    case "fit": return { kind: evidence.source, title: `${evidence.product_id} · ${evidence.with}`, quote: evidence.value };
    case "document": return { kind: evidence.source, title: evidence.title, quote: evidence.text };
    case "curated": return { kind: evidence.source, title: evidence.question, quote: evidence.text };
    case "policy": return { kind: evidence.source, title: evidence.name, quote: evidence.value };
    case "opinions": return { kind: evidence.source, title: `${evidence.product_id} · ${evidence.aspect}`, quote: evidence.value };
    case "computed": return { kind: evidence.source, title: evidence.how, quote: evidence.value };
  }
}

/** Characters as people count them here: code points. */
export const lengthOf = (text: string): number => {
  let n = 0;
  for (const _ of text) n += 1;
  return n;
};

/** Money in hundredths; a bare number where no currency is known. */
export function money(cents: number | null | undefined, currency: string | null, lang: Lang): string {
  if (cents === null || cents === undefined || !Number.isFinite(cents)) return "–";
  const locale = lang === "zh" ? "zh-CN" : "en-GB";
  const plain = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  try {
    if (currency) return new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(cents / 100);
  } catch {
    // A code that is none.
  }
  return new Intl.NumberFormat(locale, plain).format(cents / 100);
}

/** Old and new messages in their order, each once; what comes later is right. */
export function merged(before: readonly ChatMessage[], more: readonly ChatMessage[]): ChatMessage[] {
  const by = new Map(before.map((one) => [one.seq, one]));
  for (const one of more) by.set(one.seq, one);
  return [...by.values()].sort((a, b) => a.seq - b.seq);
}

/** What of an answer is said where its blocks are shown beside it. */
export const saidBeside = (text: string, brief: string | null | undefined, n_blocks: number): string => (n_blocks > 0 && brief ? brief : text);
