// What the console asks of customer service: the desk, its numbers, the shop's own answers, trying the assistant out.
import type { Action, ChatMessage, ChatState, Evidence, HandOver, Lang, OrderCard, ReplyParts } from "../../widget/types";
import { EventReader } from "../../widget/sse";
import { ask, get, request, type Query } from "./api";

export interface Step {
  stage: string;
  found: string;
}

/** A message understood. Ranges are bytes. */
export interface Understanding {
  lang: Lang;
  intent: string | null;
  confidence: number;
  likely: [string, number][];
  entities: ({ range: { start: number; end: number }; kind: string } & Record<string, unknown>)[];
  references: ({ kind: string } & Record<string, unknown>)[];
  emotion: { anger: number; urgency: number; thanks: number };
  is_injection: boolean;
}

export type Reply = ReplyParts & { text: string };

export interface Turn {
  reply: Reply;
  action: Action;
  understood: Understanding;
  trace: Step[];
}

export interface DeskMessage extends ChatMessage {
  understood?: Understanding | null;
  trace?: Step[] | null;
}

export interface ConversationRow {
  conversation_id: string;
  state: ChatState;
  channel: string;
  lang: Lang;
  customer_id: string | null;
  skill: string | null;
  priority: number;
  reason: string | null;
  last_text: string;
  last_at: number;
  opened_at: number;
  waiting_since: number | null;
  agent: string | null;
  n_messages: number;
  anger: number;
  rating: number | null;
}

export interface Conversations {
  total: number;
  items: ConversationRow[];
  counts: { waiting: number; person: number; bot: number; closed: number };
  /** Queues in which somebody waits or is with a person. */
  skills: string[];
}

export type CaseState = "open" | "done" | "refused";

export interface Case {
  case_id: string;
  form: string;
  title_zh: string;
  title_en: string;
  customer_id: string | null;
  conversation_id: string | null;
  values: { name: string; label_zh: string; label_en: string; value: string }[];
  state: CaseState;
  at: number;
  note: string | null;
}

export interface Note {
  at: number;
  agent: string;
  text: string;
}

export interface Conversation {
  row: ConversationRow;
  messages: DeskMessage[];
  hand_over: HandOver | null;
  customer: { customer_id: string; city: string | null; joined_on: string | null; n_orders: number; spent_cents: number } | null;
  orders: OrderCard[];
  suggested: string[];
  notes: Note[];
  cases: Case[];
  remembered: Remembered[];
}

/** What the assistant knows of a customer from earlier conversations, and from which message. */
export interface Remembered {
  name: string;
  label_zh: string;
  label_en: string;
  text_zh: string;
  text_en: string;
  conversation_id: string;
  seq: number;
  at: number;
}

export interface Canned {
  canned_id: string;
  title: string;
  text_zh: string;
  text_en: string;
}

/** What the shop may tell a customer of its own accord. Days are days of the calendar. */
export interface Notice {
  /** Its name: it is given once for a cause. */
  cause: string;
  kind: string;
  customer_id: string;
  order_id: string;
  product_id?: string | null;
  day: string;
  state: NoticeState;
  reason_zh: string;
  reason_en: string;
  text_zh: string;
  text_en: string;
  /** What each text rests on, in its words. */
  evidence_zh: Evidence[];
  evidence_en: Evidence[];
  consent: string[];
  /** Why it may not leave now; what of the customer's is open, where what promotes waits for that. */
  held?: string | null;
  held_why?: { zh: string; en: string } | null;
  settled_by?: string | null;
  settled_at?: number | null;
  conversation_id?: string | null;
  /** The channel it left by, where it went into no conversation; `waiting`, `sent` or `failed`. */
  channel?: string | null;
  delivery?: string | null;
}

export type NoticeState = "proposed" | "sent" | "dismissed";

export interface NoticesFound {
  day: string;
  n_customers: number;
  is_cut: boolean;
  n_found: number;
  n_new: number;
}

export interface Outbox {
  channels: { channel: string; n_waiting: number; oldest_at?: number | null; n_sent: number; n_failed: number }[];
  failed: Delivery[];
}

/** What was given up. */
export interface Delivery {
  delivery_id: string;
  channel: string;
  /** None for a notice. */
  conversation_id: string | null;
  at: number;
  failed_at: number;
  n_tries: number;
  said: string;
}

/** What a language model did in the period, and today beside what a day may use. */
export interface WriterFigures {
  name: string;
  model: string;
  lacks?: string | null;
  n_used: number;
  n_refused: number;
  n_understood: number;
  n_slow: number;
  n_failed: number;
  tokens: number;
  cost: number;
  tokens_today: number;
  tokens_per_day: number;
  cost_today: number;
  cost_per_day?: number | null;
}

/** Days back that the numbers look. */
export const PERIODS = ["7", "30", "90"] as const;
export type Period = (typeof PERIODS)[number];

export interface ServiceNumbers {
  n_conversations: number;
  n_turns: number;
  containment: number | null;
  hand_over_rate: number | null;
  reasons: { reason: string; n: number }[];
  satisfaction: { mean: number | null; n: number; stars: number[] };
  response_ms: { p50: number | null; p99: number | null };
  person_wait_ms: { p50: number | null; p90: number | null };
  intents: { intent: string; zh: string; en: string; n: number; hand_over_rate: number }[];
  products: { product_id: string; name: string; n: number; hand_over_rate: number; stars_mean: number | null }[];
  days: { day: string; n: number; n_person: number }[];
  writers: WriterFigures[];
}

export interface Cluster {
  cluster_id: string;
  n: number;
  examples: string[];
  suggested_answer: { text: string; document_id: string } | null;
}

export interface Curated {
  answer_id: string;
  question: string;
  variants: string[];
  answer_zh: string;
  answer_en: string;
  is_on: boolean;
  n_used: number;
  updated_at: number | null;
}

export type CuratedDraft = Pick<Curated, "question" | "variants" | "answer_zh" | "answer_en" | "is_on">;

export interface Imported {
  n_added: number;
  n_changed: number;
  n_rejected: number;
  rejected: { row: number; reason: string }[];
}

export interface List<T> {
  items: T[];
  total: number;
}

const id = (text: string): string => encodeURIComponent(text);
/** Under which name a person answers; without one the service has its own. */
const by = (agent: string): { agent?: string } => (agent.trim() === "" ? {} : { agent: agent.trim() });

export const service = {
  conversations: (query: Query, signal?: AbortSignal) => get<Conversations>("/desk/conversations", query, signal),
  conversation: (conversation: string, signal?: AbortSignal) => get<Conversation>(`/desk/conversations/${id(conversation)}`, {}, signal),
  take: (conversation: string, agent: string) => request<unknown>("POST", `/desk/conversations/${id(conversation)}/take`, by(agent)),
  reply: (conversation: string, text: string, agent: string) => request<unknown>("POST", `/desk/conversations/${id(conversation)}/reply`, { text, ...by(agent) }),
  giveBack: (conversation: string, note: string, agent: string) => request<unknown>("POST", `/desk/conversations/${id(conversation)}/give-back`, note === "" ? by(agent) : { note, ...by(agent) }),
  note: (conversation: string, text: string, agent: string) => request<unknown>("POST", `/desk/conversations/${id(conversation)}/note`, { text, ...by(agent) }),
  close: (conversation: string) => request<unknown>("POST", `/desk/conversations/${id(conversation)}/close`, {}),
  typing: (conversation: string) => request<unknown>("POST", `/desk/conversations/${id(conversation)}/typing`, {}),

  canned: async (signal?: AbortSignal) => (await get<{ items: Canned[] }>("/desk/canned", {}, signal)).items,
  saveCanned: (canned: Canned) => request<unknown>("PUT", `/desk/canned/${id(canned.canned_id)}`, { title: canned.title, text_zh: canned.text_zh, text_en: canned.text_en }),
  removeCanned: (canned: string) => request<void>("DELETE", `/desk/canned/${id(canned)}`),

  numbers: (days: number, signal?: AbortSignal) => get<ServiceNumbers>("/desk/metrics", { days }, signal),
  unanswered: (days: number, signal?: AbortSignal) => get<{ clusters: Cluster[]; n: number }>("/desk/unanswered", { days }, signal),
  /** Takes the questions that stand together with this one off the list. */
  settleQuestion: (question: string, how: "answered" | "ignored", days: number) => request<{ n: number }>("POST", "/desk/unanswered/settle", { question, how, days }),
  cases: (query: Query, signal?: AbortSignal) => get<List<Case>>("/desk/cases", query, signal),
  setCase: (one: string, state: CaseState, note: string) => request<unknown>("POST", `/desk/cases/${id(one)}`, note === "" ? { state } : { state, note }),

  notices: (query: Query, signal?: AbortSignal) => get<List<Notice>>("/desk/notices", query, signal),
  findNotices: (day: string) => request<NoticesFound>("POST", "/desk/notices", { day }),
  sendNotice: (cause: string, agent: string) => request<{ notice: Notice }>("POST", `/desk/notices/${id(cause)}/send`, by(agent)),
  dismissNotice: (cause: string, agent: string) => request<Notice>("POST", `/desk/notices/${id(cause)}/dismiss`, by(agent)),

  outbox: (signal?: AbortSignal) => get<Outbox>("/desk/outbox", {}, signal),
  retryDelivery: (delivery: string) => request<void>("POST", `/desk/outbox/${id(delivery)}/retry`),

  curated: (query: Query, signal?: AbortSignal) => get<List<Curated>>("/curated", query, signal),
  saveCurated: (answer: string, draft: CuratedDraft) => request<unknown>("PUT", `/curated/${id(answer)}`, draft),
  removeCurated: (answer: string) => request<void>("DELETE", `/curated/${id(answer)}`),
  importCurated: (file: Blob) => request<Imported>("POST", "/curated/import", new Blob([file], { type: "text/csv" })),

  tryOut: (body: { text: string; lang?: Lang; customer_id?: string; dialogue?: unknown }, signal?: AbortSignal) => request<{ turn: Turn; dialogue: unknown }>("POST", "/assist/try", body, signal),
};

/** Reads what changes at the desk until the stream ends or `signal` fires; `onopen` when it has begun, null when something was missed. */
export async function watchDesk(onopen: () => void, onchange: (row: ConversationRow | null) => void, signal: AbortSignal): Promise<void> {
  const response = await ask("GET", "/desk/stream", undefined, signal);
  if (response.body === null) return;
  onopen();
  const reader = new EventReader();
  const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await pieces.read();
    if (done) return;
    for (const { event, data } of reader.push(value)) {
      if (event === "changed") onchange(JSON.parse(data) as ConversationRow);
      else if (event === "missed") onchange(null);
    }
  }
}

/** Those who wait first, the most urgent and then the longest waiting of them; the others by what happened last. */
export function inOrder(rows: readonly ConversationRow[]): ConversationRow[] {
  const rank = (row: ConversationRow): number => (row.state === "waiting" ? 0 : row.state === "person" ? 1 : 2);
  return [...rows].sort((a, b) => {
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    if (a.state === "waiting") return b.priority - a.priority || (a.waiting_since ?? 0) - (b.waiting_since ?? 0);
    return b.last_at - a.last_at;
  });
}

/** An id for something new that the service keeps under the name it is given. */
export const newId = (): string => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Lines as a list: trimmed, none empty, each once. */
export const linesOf = (text: string): string[] => [...new Set(text.split("\n").map((line) => line.trim()).filter((line) => line !== ""))];

/** A field of the shop in the reader's language; in the other where it lacks that one. */
export const inLang = (lang: Lang, zh: string, en: string): string => (lang === "zh" ? zh || en : en || zh);

/** What an entity or reference says besides its kind, in short. */
export function detailOf(what: Record<string, unknown>): string {
  return Object.entries(what)
    .filter(([name, value]) => name !== "kind" && name !== "range" && value !== null)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(" · ");
}
/** What a shop puts on its pages to have the widget there. */
export const widgetTag = (origin: string): string => `<script src="${origin}/widget.js" data-key="tk_…" async></script>`;
