// A brief as it is typed, in the address and as it is sent. Pure.
import type { Brief, ChannelCard, ContentOptions, Offer, WriteLang } from "./content";
import { searchWith } from "./router.svelte";

export const VARIANTS_MAX = 12;
export const PRODUCTS_MAX = 20;
/** Goals that speak to somebody who owns something. */
export const NEEDS_OWNED = ["upgrade", "cross_sell"];

export interface BriefDraft {
  products: string[];
  channel: string;
  goal: string;
  tone: string;
  lang: WriteLang;
  length: string;
  segment: string;
  owned: string;
  hasOffer: boolean;
  /** Money as typed, in whole units of the currency. */
  price: string;
  coupon: string;
  couponOff: string;
  gift: string;
  endsOn: string;
  n: number;
  seed: number;
  mayCompare: boolean;
  writer: string;
}

const listOf = (text: string): string[] =>
  text.split(",").filter((part) => part !== "").flatMap((part) => {
    try {
      return [decodeURIComponent(part)];
    } catch {
      return [];
    }
  });
const whole = (text: string | null, otherwise: number, least: number, most: number): number => {
  const n = Number(text ?? "");
  return text !== null && text !== "" && Number.isInteger(n) ? Math.max(least, Math.min(most, n)) : otherwise;
};
const among = <T extends string>(text: string | null, all: readonly T[], otherwise: T): T => all.find((one) => one === text) ?? otherwise;

/** The brief that an address holds; what it lacks, or holds wrongly, is as it usually is. */
export function briefIn(search: string, options: Pick<ContentOptions, "channels" | "goals" | "tones" | "lengths" | "writers">, lang: WriteLang): BriefDraft {
  const params = new URLSearchParams(search);
  const text = (name: string): string => params.get(name) ?? "";
  const channel = among(params.get("channel"), options.channels.map(({ name }) => name), options.channels.find(({ name }) => name === "push")?.name ?? options.channels[0]?.name ?? "");
  const draft: BriefDraft = {
    products: [...new Set(listOf(text("product")))].slice(0, PRODUCTS_MAX),
    channel,
    goal: among(params.get("goal"), options.goals, options.goals[0] ?? ""),
    tone: among(params.get("tone"), options.tones, options.tones[0] ?? ""),
    lang: among(params.get("lang"), ["zh", "en"] as const, lang),
    length: among(params.get("length"), options.lengths, options.lengths.includes("medium") ? "medium" : (options.lengths[0] ?? "")),
    segment: text("segment"),
    owned: text("owned"),
    hasOffer: params.get("offer") === "yes",
    price: text("price"),
    coupon: text("coupon"),
    couponOff: text("off"),
    gift: text("gift"),
    endsOn: text("ends"),
    n: whole(params.get("n"), 4, 1, VARIANTS_MAX),
    seed: whole(params.get("seed"), 0, 0, Number.MAX_SAFE_INTEGER),
    mayCompare: params.get("compare") !== "no",
    writer: among(params.get("writer"), options.writers.map(({ name }) => name), options.writers[0]?.name ?? ""),
  };
  return { ...draft, lang: langFor(options.channels.find(({ name }) => name === channel), draft.lang) };
}

/** A channel may be written in one language only. */
export const langFor = (card: ChannelCard | undefined, lang: WriteLang): WriteLang => (card === undefined || card.languages.includes(lang) ? lang : (card.languages[0] ?? lang));

/** The address of a brief, so that it can be passed on. */
export function addressOf(draft: BriefDraft): string {
  const offer = (text: string): string | null => (draft.hasOffer && text !== "" ? text : null);
  return `/studio${searchWith("", {
    product: draft.products.map(encodeURIComponent).join(","), channel: draft.channel, goal: draft.goal, tone: draft.tone, lang: draft.lang, length: draft.length, segment: draft.segment,
    owned: NEEDS_OWNED.includes(draft.goal) ? draft.owned : null, offer: draft.hasOffer ? "yes" : null, price: offer(draft.price), coupon: offer(draft.coupon), off: offer(draft.couponOff),
    gift: offer(draft.gift), ends: offer(draft.endsOn), n: draft.n === 4 ? null : draft.n, seed: draft.seed === 0 ? null : draft.seed, compare: draft.mayCompare ? null : "no", writer: draft.writer === "best" ? null : draft.writer,
  })}`;
}

/** Money as typed, in cents; `null` for nothing, `undefined` for what is no sum. */
export function centsOf(text: string): number | null | undefined {
  const bare = text.trim().replace(/[,，\s]/g, "");
  if (bare === "") return null;
  return /^\d{1,9}([.．]\d{1,2})?$/.test(bare) ? Math.round(Number(bare.replace("．", ".")) * 100) : undefined;
}

export type Problem = "product" | "owned" | "money" | "offer";

/** What is still missing; the service looks at the rest. */
export function problemOf(draft: BriefDraft): Problem | null {
  if (draft.products.length === 0) return "product";
  if (NEEDS_OWNED.includes(draft.goal) && draft.owned === "") return "owned";
  if (!draft.hasOffer) return draft.goal === "promotion" ? "offer" : null;
  if (centsOf(draft.price) === undefined || centsOf(draft.couponOff) === undefined) return "money";
  return centsOf(draft.price) === null && draft.coupon.trim() === "" && draft.gift.trim() === "" ? "offer" : null;
}

function offerOf(draft: BriefDraft): Offer | null {
  if (!draft.hasOffer) return null;
  const word = (text: string): string | null => text.trim() || null;
  return { price_cents: centsOf(draft.price) ?? null, coupon: word(draft.coupon), coupon_off_cents: centsOf(draft.couponOff) ?? null, gift: word(draft.gift), ends_on: word(draft.endsOn) };
}

export function briefBody(draft: BriefDraft): Brief {
  return {
    product_ids: draft.products, channel: draft.channel, goal: draft.goal, tone: draft.tone, language: draft.lang, length: draft.length,
    ...(draft.segment === "" ? {} : { audience: { segment: draft.segment } }),
    ...(NEEDS_OWNED.includes(draft.goal) ? { owned_product_id: draft.owned } : {}),
    ...(draft.hasOffer ? { offer: offerOf(draft) } : {}),
    n_variants: draft.n, seed: draft.seed, may_compare: draft.mayCompare, ...(draft.writer === "" || draft.writer === "best" ? {} : { writer: draft.writer }),
  };
}
