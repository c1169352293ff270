// What a form of training asks for, and what the service takes. Pure.
import type { Segments } from "./types";

export const MIN_GROUPS = 2;
export const MAX_GROUPS = 50;

/** Methods that need no setting beyond the number of groups, and whether they take one. */
export const METHODS = [
  { card: "k_means", counts: true },
  { card: "hierarchical", counts: true },
  { card: "hdbscan", counts: false },
] as const;
export type Method = (typeof METHODS)[number]["card"];

export interface Wanted {
  by: "behaviour" | "taste";
  algorithm: Method;
  /** `null`: as many as suit the data. */
  n_clusters: number | null;
}

/** As the present groups were found. A number that was chosen by the data is chosen anew. */
export function wantedLike(data: Pick<Segments, "by" | "card" | "choice" | "groups"> | null | undefined): Wanted {
  const method = METHODS.find((one) => one.card === data?.card);
  const given = data !== null && data !== undefined && data.choice === null && (method?.counts ?? false);
  return { by: data?.by ?? "behaviour", algorithm: method?.card ?? "k_means", n_clusters: given ? data.groups.length : null };
}

/** The parameters of the job; `null` while the number is none that is allowed. */
export function trainParams(wanted: Wanted): { by: string; algorithm?: string; n_clusters?: number } | null {
  const counts = METHODS.find((one) => one.card === wanted.algorithm)?.counts ?? false;
  const n = counts ? wanted.n_clusters : null;
  if (n !== null && !(Number.isInteger(n) && n >= MIN_GROUPS && n <= MAX_GROUPS)) return null;
  return {
    by: wanted.by,
    // Without a name the usual method is taken, and the number is looked for.
    ...(wanted.algorithm === "k_means" ? {} : { algorithm: wanted.algorithm }),
    ...(n === null ? {} : { n_clusters: n }),
  };
}
