// What the console asks of sendings: lists and audiences that are written to.
import { get, request } from "./api";
import type { Instant, Text } from "./types";

export const STATES = ["draft", "approved", "sending", "sent", "paused", "cancelled"] as const;
export type SendingState = (typeof STATES)[number];

export interface SendingRoute {
  way: string;
  channel: string;
  draft_ids: string[];
}

export interface SendingCount {
  way: string;
  state: "waiting" | "leaving" | "sent" | "control" | "left_out" | "failed" | "unknown";
  reason: string | null;
  text: Text | null;
  n: number;
}

export interface SendingStep {
  at: Instant;
  what: string;
  by: string;
  why: string | null;
}

export interface Sending {
  id: string;
  name: string;
  campaign_id: string;
  state: SendingState;
  decision_id: string | null;
  audience_id: string | null;
  routes: SendingRoute[];
  control: number;
  budget_cents: number | null;
  not_before: Instant | null;
  until: Instant | null;
  n_listed: number;
  created_at: Instant;
  created_by: string;
  approved_at: Instant | null;
  approved_by: string | null;
  history: SendingStep[];
  counts: SendingCount[];
  n_left: number;
  n_sent: number;
  n_control: number;
  spent_cents: number;
  note: Text | null;
}

export interface SendingCard {
  channel: string;
  kind: string;
  ways: string[];
  per_minute: number | null;
  knows_ids: boolean;
}

export interface SendingParcel {
  draft_id: string;
  way: string;
  lang: string;
  subject: string;
  text: string;
}

export interface SendingPreview {
  at: Instant;
  n_listed: number;
  n_to_send: number;
  n_control: number;
  cost_cents: number;
  left_out: SendingCount[];
  waits_until: Instant | null;
  blocked: Text[];
  shown: SendingParcel[];
}

export interface SendingWanted {
  name: string;
  decision_id?: string;
  audience_id?: string;
  routes: SendingRoute[];
  control?: number;
  budget_cents?: number;
  not_before?: number;
  until?: number;
}

export type SendingMove = "approve" | "pause" | "resume" | "retry" | "cancel";

const id = encodeURIComponent;

export const sendings = {
  list: (signal?: AbortSignal) => get<{ items: Sending[] }>("/sendings", {}, signal),
  cards: (signal?: AbortSignal) => get<{ items: SendingCard[] }>("/sendings/channels", {}, signal),
  create: (wanted: SendingWanted) => request<Sending>("POST", "/sendings", wanted),
  preview: (sending: string, signal?: AbortSignal) => get<SendingPreview>(`/sendings/${id(sending)}/preview`, {}, signal),
  move: (sending: string, to: SendingMove, why: string) => request<Sending>("POST", `/sendings/${id(sending)}/state`, { to, why }),
};

/** Where what a sending hands over as a file is fetched. */
export const fileOf = (sending: string): string => `/v1/sendings/${id(sending)}/file`;

/** What may be done with a sending as it stands: whom the other side did not take may be tried again once it is over. */
export function movesOf({ state, counts }: Pick<Sending, "state" | "counts">): SendingMove[] {
  if (state === "sent") return counts.some((one) => one.state === "failed" && one.reason === "failed") ? ["retry"] : [];
  if (state === "draft") return ["approve", "cancel"];
  if (state === "approved" || state === "sending") return ["pause", "cancel"];
  return state === "paused" ? ["resume", "cancel"] : [];
}

/** Why customers are left out, all ways together, most first. */
export function leftOut(counts: SendingCount[]): { reason: string; text: Text | null; n: number }[] {
  const all = new Map<string, { reason: string; text: Text | null; n: number }>();
  for (const one of counts) {
    if (one.reason === null || !["left_out", "failed", "unknown"].includes(one.state)) continue;
    const known = all.get(one.reason);
    if (known === undefined) all.set(one.reason, { reason: one.reason, text: one.text, n: one.n });
    else known.n += one.n;
  }
  return [...all.values()].sort((a, b) => b.n - a.n || a.reason.localeCompare(b.reason));
}

/** The part of those listed that is settled, 0 to 1. */
export const doneOf = (one: Pick<Sending, "n_listed" | "n_left">): number => (one.n_listed > 0 ? (one.n_listed - one.n_left) / one.n_listed : 0);
