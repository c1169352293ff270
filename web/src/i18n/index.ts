// The languages of the console. A dictionary that lacks a text, or takes other arguments, does not compile.
import type { Lang } from "../lib/format";
import { en } from "./en";
import { zh } from "./zh";

export type Texts<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => string
    ? (...args: A) => string
    : T[K] extends string
      ? string
      : Texts<T[K]>;
};

export type Dictionary = Texts<typeof en>;

export const dictionaries: Record<Lang, Dictionary> = { en, zh };

/** The word for a name the API uses; names this console does not know are shown readably rather than hidden. */
export function wordFor(words: Record<string, string>, name: string | null | undefined): string {
  if (name === null || name === undefined || name === "") return "–";
  const key = name.toLowerCase();
  return Object.hasOwn(words, key) ? words[key]! : name.replaceAll("_", " ");
}

/** `recall@10` → `Recall@10`, in the words of the dictionary. */
export function metricName(t: Dictionary, metric: string): string {
  const [name = metric, k] = metric.split("@");
  const word = wordFor(t.known.metric, name);
  return k === undefined ? word : `${word}@${k}`;
}

/** A sentence of the service in the language of the console, where it is known; else as it came. */
export function phraseFor(phrases: Record<string, string>, text: string): string {
  if (Object.hasOwn(phrases, text)) return phrases[text]!;
  for (const [pattern, translated] of Object.entries(phrases)) {
    if (!pattern.includes("{1}")) continue;
    const source = pattern.split(/\{\d\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const match = new RegExp(`^${source.join("(.+?)")}$`, "s").exec(text);
    if (match !== null) return translated.replace(/\{(\d)\}/g, (whole, n: string) => match[Number(n)] ?? whole);
  }
  if (!text.includes("; ")) return text;
  // Several remarks, each known by itself.
  const parts = text.split("; ");
  const told = parts.map((part) => phraseFor(phrases, part));
  return told.every((part, at) => part === parts[at]) ? text : told.join("；");
}

const PROPER_NAMES: Record<string, string> = {
  user_knn: "User kNN",
  item_knn: "Item kNN",
  ease: "EASE",
  slim: "SLIM",
  ials: "iALS",
  svd: "SVD",
  rp3beta: "RP3β",
  vmis_knn: "VMIS-kNN",
  item2vec: "Item2Vec",
  sasrec: "SASRec",
  k_means: "K-Means",
  dbscan: "DBSCAN",
  hdbscan: "HDBSCAN",
  bg_nbd: "BG/NBD",
  mbg_nbd: "MBG/NBD",
  pareto_nbd: "Pareto/NBD",
};

/** Names of algorithms are proper names, except those that are plain words. */
export function cardName(t: Dictionary, card: string): string {
  if (Object.hasOwn(PROPER_NAMES, card)) return PROPER_NAMES[card]!;
  return Object.hasOwn(t.known.family, card) ? wordFor(t.known.family, card) : card;
}
