// What the console asks of the day's decisions, and how it shows their figures.
import { get, request } from "./api";
import type { Format } from "./format";
import type { Backing, Estimate } from "./plans";
import type { Day, Instant, Text } from "./types";

export const UNITS = ["money", "share", "count", "days", "number"] as const;

export interface DecisionFigure {
  label: Text;
  value: number;
  unit: (typeof UNITS)[number];
  low: number | null;
  high: number | null;
  sql: string | null;
  api: string | null;
}

export interface DecisionGate {
  gate: string;
  text: Text;
  n: number;
}

export interface Decision extends Backing {
  id: string;
  key: string;
  kind: string;
  day: Day;
  title: Text;
  paragraph: Text;
  figures: DecisionFigure[];
  next: Text;
  who: "marketing" | "buying" | "service" | "management";
  gain_cents: Estimate | null;
  gain_of: "margin" | "sales";
  cost_cents: number;
  within_days: number;
  n_customers: number | null;
  n_control: number | null;
  gates: DecisionGate[];
  page: string | null;
}

export interface Measured {
  sales_cents: Estimate | null;
  n_contacted: number;
  n_control: number;
  n_too_recent: number;
}

export interface Settled {
  decision: Decision;
  standing: "accepted" | "rejected";
  at: Instant;
  by: string;
  note: string;
  measured: Measured | null;
}

export interface Decisions {
  version: string;
  made_at: Instant;
  day: Day;
  /** Null while there are no data. */
  as_of: Day | null;
  today: Decision[];
  more: Decision[];
  settled: Settled[];
  quiet: { kind: string; why: Text }[];
  n_held_back: number;
}

const id = encodeURIComponent;

export const decisions = {
  list: (signal?: AbortSignal) => get<Decisions>("/decisions", {}, signal),
  accept: (decision: string, note: string) => request<Settled>("POST", `/decisions/${id(decision)}/accept`, { note }),
  reject: (decision: string, note: string) => request<Settled>("POST", `/decisions/${id(decision)}/reject`, { note }),
};

/** Where the list of an accepted decision is fetched. */
export const customersOf = (decision: string): string => `/v1/decisions/${id(decision)}/customers`;

/** A piece of a paragraph: words, or the place of a figure. */
export type Piece = { words: string } | { figure: number };

/** A paragraph whose figures stand as `{0}`, cut at them; a place that has no figure stays as it is written. */
export function piecesOf(paragraph: string, n_figures: number): Piece[] {
  return paragraph
    .split(/(\{\d+\})/)
    .filter((part) => part !== "")
    .map((part) => {
      const place = /^\{(\d+)\}$/.exec(part)?.[1];
      return place !== undefined && Number(place) < n_figures ? { figure: Number(place) } : { words: part };
    });
}

/** A figure's value, in its unit. */
export function valueText(value: number, unit: DecisionFigure["unit"], format: Pick<Format, "moneyWhole" | "percent" | "number">): string {
  if (unit === "money") return format.moneyWhole(value);
  if (unit === "share") return format.percent(value, 1);
  if (unit === "count" || unit === "days") return format.number(Math.round(value));
  if (value > 0 && value < 0.0001) return `< ${format.number(0.0001, 4)}`;
  return format.number(value, Math.abs(value) < 0.1 ? 4 : 2);
}
