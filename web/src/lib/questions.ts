// What the console asks in words, and what comes back.
import { get, request } from "./api";
import type { Format } from "./format";
import type { Day, Text } from "./types";

export interface Period {
  first: Day;
  last: Day;
  name?: string;
}

export interface QuestionFilter {
  field: string;
  values: string[];
  excluded: boolean;
}

/** A question as it was understood; a page changes it and asks again. */
export interface Question {
  measures: string[];
  by: string | null;
  over: string | null;
  filters: QuestionFilter[];
  period: Period | null;
  compare: "previous" | "year_before" | { with: Period } | null;
  show: "plain" | "share" | "growth";
  order: "natural" | "most" | "least";
  top: number | null;
}

export const UNITS = ["money", "count", "share", "number"] as const;

export interface FigureColumn {
  name: string;
  title: Text;
  unit: (typeof UNITS)[number];
}

export interface FigureRow {
  label: Text | null;
  raw: string | null;
  at: Day | null;
  span: Text | null;
  values: (number | null)[];
  before: (number | null)[];
  change: number | null;
  share: number | null;
}

export interface QuestionAnswer {
  outcome: "answered" | "unclear" | "elsewhere";
  question: Question | null;
  understood: { part: string; at: number; text: Text }[];
  words: Text | null;
  follows: boolean;
  notes: Text[];
  unread: string[];
  refusal: Text | null;
  nearest: { text: Text; question: Question }[];
  elsewhere: { goal: string; page: string; command: string; address: string; text: Text; decisions: Text[] } | null;
  sentence: Text | null;
  chart: "figure" | "line" | "lines" | "bars" | "none";
  heading: Text | null;
  columns: FigureColumn[];
  rows: FigureRow[];
  whole: FigureRow | null;
  n_more: number;
  compared: Text | null;
  statements: string[];
  currency: string;
  day: Day;
}

export interface QuestionPart {
  name: string;
  title: Text;
  by: string[];
  is_time: boolean;
}

export interface QuestionParts {
  measures: QuestionPart[];
  dimensions: QuestionPart[];
}

export interface Asked {
  text?: string;
  question?: Question;
  before?: Question | null;
}

export const questions = {
  ask: (asked: Asked, signal?: AbortSignal): Promise<QuestionAnswer> => request<QuestionAnswer>("POST", "/questions", asked, signal),
  parts: (signal?: AbortSignal): Promise<QuestionParts> => get<QuestionParts>("/questions/parts", {}, signal),
};

/** A figure as its column says. */
export function figure(format: Format, value: number | null | undefined, unit: FigureColumn["unit"]): string {
  if (value === null || value === undefined) return "–";
  if (unit === "money") return Math.abs(value) >= 100_000 ? format.moneyWhole(value) : format.money(value);
  if (unit === "share") return format.percent(value, 1);
  return format.number(value, unit === "number" ? 2 : 0);
}

/** A short form for axes. */
export function short(format: Format, value: number, unit: FigureColumn["unit"]): string {
  if (unit === "money") return format.moneyCompact(value);
  if (unit === "share") return format.percent(value, value !== 0 && Math.abs(value) < 0.1 ? 1 : 0);
  return format.compact(value);
}

/** A question without one of its parts; what it cannot do without stays. */
export function without(question: Question, part: string, at: number): Question {
  const changed = structuredClone(question);
  if (part === "measures" && changed.measures.length > 1) changed.measures.splice(at, 1);
  else if (part === "filters") changed.filters.splice(at, 1);
  else if (part === "by") Object.assign(changed, { by: null, top: null, order: "natural" });
  else if (part === "over") changed.over = null;
  else if (part === "period") Object.assign(changed, { period: null, compare: null });
  else if (part === "compare") Object.assign(changed, { compare: null, show: changed.show === "growth" ? "plain" : changed.show });
  else if (part === "show") changed.show = "plain";
  else if (part === "order") Object.assign(changed, { order: "natural" });
  else if (part === "top") changed.top = null;
  return changed;
}

/** Whether a part may be taken away. */
export const isRemovable = (question: Question, part: string): boolean => (part === "measures" ? question.measures.length > 1 : part === "period" ? question.period !== null : true);

/** The question with another measure; what that one is not known by goes. */
export function withMeasure(question: Question, measure: QuestionPart): Question {
  const knows = (field: string | null): boolean => field !== null && measure.by.includes(field);
  return {
    ...structuredClone(question),
    measures: [measure.name],
    by: knows(question.by) ? question.by : null,
    over: knows(question.over) ? question.over : null,
    filters: question.filters.filter((filter) => knows(filter.field)),
  };
}

/** A text as one cell of a CSV file; what a spreadsheet would run as a formula is kept from it. */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The rows as a file. Money is in whole units of the currency. */
export function csv(answer: QuestionAnswer, say: (text: Text) => string, t: { before: string; change: string; share: string; total: string; span: string }): string {
  const plain = (value: number | null | undefined, unit: string): string => (value === null || value === undefined ? "" : String(unit === "money" ? value / 100 : value));
  const compared = answer.compared !== null;
  const hasLabel = answer.rows.some((row) => row.label !== null);
  const hasSpan = answer.rows.some((row) => row.span !== null);
  const hasShare = answer.rows.some((row) => row.share !== null);
  const head = [
    ...(hasLabel && answer.heading ? [say(answer.heading)] : hasLabel ? [""] : []),
    ...(hasSpan ? [t.span] : []),
    ...answer.columns.map((column) => say(column.title) + (column.unit === "money" ? ` (${answer.currency})` : "")),
    ...(compared ? [t.before, t.change] : []),
    ...(hasShare ? [t.share] : []),
  ];
  const line = (row: FigureRow, label: string): string[] => [
    ...(hasLabel ? [label] : []),
    ...(hasSpan ? [row.at ?? ""] : []),
    ...answer.columns.map((column, at) => plain(row.values[at], column.unit)),
    ...(compared ? [plain(row.before[0], answer.columns[0]?.unit ?? ""), plain(row.change, "")] : []),
    ...(hasShare ? [plain(row.share, "")] : []),
  ];
  const lines = [head, ...answer.rows.map((row) => line(row, row.label === null ? "" : say(row.label)))];
  return `\ufeff${lines.map((cells) => cells.map(csvCell).join(",")).join("\r\n")}\r\n`;
}
