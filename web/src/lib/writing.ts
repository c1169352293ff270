// What pages of writing models share: what is asked for, and what is shown of attention. Pure.
import type { WritingItem, WrittenItem } from "./types";

export const NAME = /^[a-z][a-z0-9_-]{0,39}$/;

/** Whether a model may be called so. */
export const isName = (text: string): boolean => NAME.test(text) && text !== "current";

export type PairsFrom = "titles" | "descriptions" | "questions" | "file";

export interface LearnDraft {
  name: string;
  from: PairsFrom;
  path: string;
  cell: "gru" | "lstm" | "transformer";
  rounds: string;
}

/** The parameters of the job; `null` while something is missing or none that is allowed. */
export function learnParams(draft: LearnDraft): Record<string, unknown> | null {
  const rounds = draft.rounds.trim();
  const epochs = rounds === "" ? null : Number(rounds);
  const pairs = draft.from === "file" ? draft.path.trim() : draft.from;
  if (!isName(draft.name) || pairs === "" || (epochs !== null && !(Number.isInteger(epochs) && epochs >= 1 && epochs <= 10_000))) return null;
  return { name: draft.name, pairs, settings: { cell: draft.cell, ...(epochs === null ? {} : { epochs }) } };
}

/** Phrases as typed: between commas of either kind. */
export const phrasesOf = (text: string): string[] => text.split(/[,，、;；\n]/).map((one) => one.trim()).filter((one) => one !== "");

export interface WriteDraft {
  text: string;
  way: "search" | "draw";
  beam: number;
  n: number;
  must: string;
  mustNot: string;
  noRepeat: number;
  temperature: number;
  topP: number;
  seed: number;
}

export function writeBody(draft: WriteDraft): Record<string, unknown> {
  const must_not = phrasesOf(draft.mustNot);
  const common = { text: draft.text, n: draft.n, must_not, ...(draft.noRepeat > 0 ? { no_repeat: draft.noRepeat } : {}) };
  if (draft.way === "draw") return { ...common, temperature: draft.temperature, top_p: draft.topP, seed: draft.seed };
  return { ...common, beam: Math.max(draft.beam, draft.n), must: phrasesOf(draft.must) };
}

/** 0 to 9: the shade of a weight. */
export const shadeOf = (weight: number): number => Math.max(0, Math.min(9, Math.round(weight * 9)));

/** For each word written, the words read that counted most, largest first. */
export function lookedAt(item: WrittenItem, source: readonly string[], most = 3): { token: string; seen: { word: string; at: number; share: number }[] }[] {
  return item.tokens.map((token, row) => ({
    token,
    seen: (item.attention[row] ?? [])
      .map((share, at) => ({ word: source[at] ?? "", at, share }))
      .sort((a, b) => b.share - a.share || a.at - b.at)
      .slice(0, most)
      .filter(({ share }) => share >= 0.05),
  }));
}

/** Where an arrow key leads, staying within; `null` for other keys. */
export function moved(key: string, [row, column]: [number, number], [rows, columns]: [number, number]): [number, number] | null {
  const within = (at: number, n: number): number => Math.max(0, Math.min(n - 1, at));
  switch (key) {
    case "ArrowUp": return [within(row - 1, rows), column];
    case "ArrowDown": return [within(row + 1, rows), column];
    case "ArrowLeft": return [row, within(column - 1, columns)];
    case "ArrowRight": return [row, within(column + 1, columns)];
    case "Home": return [row, 0];
    case "End": return [row, columns - 1];
    default: return null;
  }
}

export const fromOf = (pairs: string): PairsFrom => (pairs === "titles" || pairs === "descriptions" || pairs === "questions" ? pairs : "file");

export const isLearning = (item: WritingItem | undefined): boolean => item?.state === "training";
