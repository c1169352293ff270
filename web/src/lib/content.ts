// What the console asks of content: what can be written, variants, checks, drafts on their way to approval, posters, the shop's
// rules. Shapes are those of the service; what is reckoned from them stands in marks.ts, limits.ts and difference.ts.
import { ask, get, queryText, request, type Query } from "./api";
import type { Day, Instant, Page, Text } from "./types";

export type WriteLang = "zh" | "en";
export type Count = "chars" | "wide2" | "sms";
export type Verdict = "ok" | "needs_review" | "blocked";
export type Risk = "note" | "review" | "block";
export type DraftState = "draft" | "review" | "approved" | "rejected";

export interface FieldCard {
  name: string;
  max: number;
  count: Count;
  format: "line" | "text" | "html";
  required: boolean;
}

export interface ChannelCard {
  name: string;
  label: Text;
  about: Text;
  fields: FieldCard[];
  languages: WriteLang[];
}

export interface ContentOptions {
  channels: ChannelCard[];
  goals: string[];
  tones: string[];
  lengths: string[];
  angles: string[];
  languages: WriteLang[];
  writers: { name: string; ready: boolean; about: Text; lacks: string | null }[];
  currency: string;
  shop_name: string;
  has_voice: boolean;
  /** Tables of platforms, and whose drafts each takes. */
  sheets: { name: string; channel: string }[];
  has_addresses: boolean;
  four_eyes: boolean;
  /** The name of the key that opened the session; empty for the console's password. */
  caller: string;
}

/** Why a draft was put before others: parts from 0 to 1 with their shares of the total. */
export interface Judgement {
  total: number;
  merits: { name: string; value: number; weight: number }[];
}

/** How many may respond: a share with the bounds within which it lies in 95 of 100 cases. */
export interface Expected {
  rate: number;
  low: number;
  high: number;
  n_shown: number;
  n_shown_of_channel: number;
}

/** What became of a writer's drafts; `unavailable` says why it did not write. */
export interface WriterTally {
  n_drafts: number;
  n_rejected: number;
  n_chosen: number;
  unavailable: string | null;
}

/** What a copy rests on. `value` holds what is said. */
export type Evidence =
  | { source: "field"; product_id: string; field: string; value: string }
  | { source: "neighbours"; product_id: string; field: string; value: string; n: number; n_worse: number; n_equal: number; n_better: number; price_low_cents: number; price_high_cents: number }
  | { source: "predecessor"; product_id: string; field: string; value: string; other_id: string; other_name: string; other_value: string; difference: string }
  | { source: "opinions"; product_id: string; aspect: string; n_praise: number; n_reviews: number }
  | { source: "offer"; part: string; value: string }
  | { source: "computed"; how: string; value: string }
  | { source: "use"; product_id: string; field: string; value: string; attribute: string; threshold: string }
  | { source: "brief"; part: string; value: string };

/** Bytes of a field's text, and the place in the draft's evidence. */
export interface DraftSpan {
  start: number;
  end: number;
  evidence: number;
}

export interface DraftField {
  name: string;
  is_html: boolean;
  text: string;
  spans: DraftSpan[];
}

export interface Draft {
  channel: string;
  angle: string;
  writer: string;
  seed: number;
  fields: DraftField[];
  evidence: Evidence[];
  openings: string[];
  told: string[];
}

interface Range {
  start: number;
  end: number;
}

/** A place in a checked text, in bytes and in characters. */
export interface TextSpan {
  bytes: Range;
  chars: Range;
}

export interface Fix {
  span: TextSpan;
  with: string;
}

export interface Finding {
  check: string;
  category: string;
  risk: Risk;
  span: TextSpan | null;
  matched: string;
  article: Text | null;
  message: Text;
  suggestion: Text;
  fix: Fix | null;
}

export interface Bound {
  span: TextSpan;
  claim: string;
  sources: { product_id: string | null; field: string; value: string }[];
}

export interface Report {
  verdict: Verdict;
  findings: Finding[];
  evidence: Bound[];
  voice_score: number | null;
}

export interface Room {
  n_characters: number;
  limit: { max: number; counted: number } | null;
}

export type Checked = Report & Room;

export interface PlanPoint {
  key: string;
  claim: string;
  /** What may be said of it, in the language of the copy. */
  says: { what: string; text: string }[];
  evidence: Evidence[];
  score: number;
}

export interface Plan {
  name: string;
  short: string;
  brand: string | null;
  kind: Text | null;
  price_cents: number | null;
  points: PlanPoint[];
  omitted: { field: string; value: string; why: string }[];
}

export interface Offer {
  price_cents?: number | null;
  coupon?: string | null;
  coupon_off_cents?: number | null;
  gift?: string | null;
  ends_on?: Day | null;
}

/** What is wanted. */
export interface Brief {
  product_ids: string[];
  channel: string;
  goal: string;
  tone?: string | null;
  language?: WriteLang | null;
  length?: string | null;
  audience?: { segment?: string | null } | null;
  owned_product_id?: string | null;
  offer?: Offer | null;
  n_variants?: number | null;
  seed?: number | null;
  may_compare?: boolean | null;
  writer?: string | null;
}

export interface Variant {
  angle: string;
  shared: number;
  judgement: Judgement;
  expected: Expected | null;
  draft: Draft;
  report: Record<string, Report>;
  verdict: Verdict;
}

export interface Wrote {
  plan: Plan;
  variants: Variant[];
  rejected: number;
  /** Why drafts were thrown away, the commonest first. */
  rejected_for: { check: string; category: string; n: number; matched: string; message: Text }[];
  writers: Record<string, WriterTally>;
  took_ms: number;
}

export interface DraftRow {
  draft_id: string;
  product_id: string;
  product_name: string;
  channel: string;
  language: WriteLang;
  goal: string;
  angle: string;
  state: DraftState;
  verdict: Verdict;
  title: string;
  created_at: Instant;
  updated_at: Instant;
  version: number;
}

export interface DraftStep {
  at: Instant;
  what: string;
  note?: string | null;
  /** The name of a key; whoever sits at the console has none. */
  by?: string | null;
  version: number;
  /** What an edit changed, as it was. */
  before?: Record<string, string>;
}

export interface DraftDetail {
  row: DraftRow;
  brief: Brief;
  draft: Draft;
  report: Record<string, Report>;
  history: DraftStep[];
  /** Names of the keys by which it was written and changed; the empty one for the console's password. */
  authors: string[];
  translated_from: string | null;
}

export interface DraftTranslated {
  draft: DraftDetail;
  lost: Evidence[];
  untranslated: string[];
}

export interface DraftList extends Page<DraftRow> {
  counts: Record<DraftState, number>;
}

export interface Poster {
  svg: string;
  width: number;
  height: number;
  n_palettes: number;
}

export interface Rules {
  forbidden: string[];
  glossary: { say: string; instead_of: string[] }[];
  required: string[];
  /** Names in both languages. */
  terms: { zh: string; en: string }[];
  /** What holds beside that for some of the goods. */
  scoped: ScopedRules[];
}

/** At least one of category and brand is named. */
export interface ScopedRules {
  category?: string;
  brand?: string;
  forbidden: string[];
  glossary: { say: string; instead_of: string[] }[];
  required: string[];
}

export interface Voice {
  /** Absent of the shop's own. */
  brand?: string;
  n_samples: number;
  words: { word: string; z: number }[];
  habits: { name: string; mean: number; spread: number }[];
}

export interface RulesAnswer {
  rules: Rules;
  voice: Voice | null;
  /** Those of brands. */
  voices: Voice[];
}

export const STATES = ["draft", "review", "approved", "rejected"] as const;
export const POSTER_FORMATS = ["portrait", "square", "banner"] as const;
export type PosterFormat = (typeof POSTER_FORMATS)[number];

const id = (text: string): string => encodeURIComponent(text);

export const content = {
  options: (signal?: AbortSignal) => get<ContentOptions>("/content/options", {}, signal),
  write: (brief: Brief, signal?: AbortSignal) => request<Wrote>("POST", "/content/write", brief, signal),
  /** What is checked is told beside the room it takes; the service documents a report as an object, as in drafts. */
  check: (body: { text: string; language?: WriteLang | null; product_id?: string | null; channel?: string | null; field?: string | null; offer?: Offer | null }, signal?: AbortSignal) =>
    request<Room>("POST", "/content/check", body, signal) as Promise<Checked>,
  poster: (draft: Draft, format: PosterFormat, palette: number, signal?: AbortSignal) => request<Poster>("POST", "/content/poster", { draft, format, palette }, signal),

  drafts: (query: Query, signal?: AbortSignal) => get<DraftList>("/content/drafts", query, signal),
  draft: (draft: string, signal?: AbortSignal) => get<DraftDetail>(`/content/drafts/${id(draft)}`, {}, signal),
  saveDraft: (brief: Brief, draft: Draft) => request<DraftDetail>("POST", "/content/drafts", { brief, draft }),
  changeDraft: (draft: string, body: { fields: Record<string, string>; version: number; note?: string }) => request<DraftDetail>("PUT", `/content/drafts/${id(draft)}`, body),
  removeDraft: (draft: string) => request<void>("DELETE", `/content/drafts/${id(draft)}`),
  moveDraft: (draft: string, body: { to: DraftState; note?: string; version: number }) => request<DraftDetail>("POST", `/content/drafts/${id(draft)}/state`, body),
  translateDraft: (draft: string, to: WriteLang) => request<DraftTranslated>("POST", `/content/drafts/${id(draft)}/translate`, { to }),
  /** As a file of the browser: a plain link could not say which shop this tab shows. */
  exportDrafts: async (query: Query) => {
    const answer = await ask("GET", `/content/drafts/export${queryText(query)}`);
    return { blob: await answer.blob(), left_out: Number(answer.headers.get("x-tercet-left-out") ?? 0) };
  },
  /** Approved copies with who of an audience gets which, as a file for whoever sends them. */
  handOver: async (query: Query) => {
    const answer = await ask("GET", `/content/campaign${queryText(query)}`);
    return { blob: await answer.blob(), left_out: Number(answer.headers.get("x-tercet-left-out") ?? 0) };
  },

  rules: (signal?: AbortSignal) => get<RulesAnswer>("/content/rules", {}, signal),
  saveRules: (rules: Rules) => request<RulesAnswer>("PUT", "/content/rules", rules),
  learnVoice: (samples: string[], brand?: string) => request<Voice>("POST", "/content/voice", { samples, ...(brand === undefined ? {} : { brand }) }),
  forgetVoice: (brand?: string) => request<void>("DELETE", `/content/voice${queryText({ brand })}`),
};

/** The gravest of several verdicts. */
export function verdictOf(reports: readonly Pick<Report, "verdict">[]): Verdict {
  const all = reports.map(({ verdict }) => verdict);
  return all.includes("blocked") ? "blocked" : all.includes("needs_review") ? "needs_review" : "ok";
}

/** A field's text; empty where the draft has no such field. */
export const textOf = (draft: Pick<Draft, "fields">, name: string): string => draft.fields.find((field) => field.name === name)?.text ?? "";

/** Fields whose names are `base_1`, `base_2` … in their order. */
export const numbered = (draft: Pick<Draft, "fields">, base: string): DraftField[] => draft.fields.filter((field) => new RegExp(`^${base}_\\d+$`).test(field.name));

/** A draft with other words in one field; what its spans rested on is no longer known. A field it had not is added. */
export function reworded(draft: Draft, name: string, text: string, is_html = false): Draft {
  if (!draft.fields.some((field) => field.name === name)) return text === "" ? draft : { ...draft, fields: [...draft.fields, { name, is_html, text, spans: [] }] };
  return { ...draft, fields: draft.fields.map((field) => (field.name === name && field.text !== text ? { ...field, text, spans: [] } : field)) };
}
