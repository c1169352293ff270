// One request after the other for many things, and what became of each.
import type { ApiError } from "./api";
import { asApiError } from "./resource.svelte";

export interface Settled<T> {
  n_done: number;
  failed: { one: T; error: ApiError }[];
}

/** Does something with each, one after the other. What fails is told and the others go on, unless the service is not there at all. */
export async function each<T>(all: readonly T[], act: (one: T) => Promise<unknown>, onstep: (n_done: number) => void): Promise<Settled<T>> {
  const settled: Settled<T> = { n_done: 0, failed: [] };
  for (const [at, one] of all.entries()) {
    onstep(at);
    try {
      await act(one);
      settled.n_done += 1;
    } catch (cause) {
      const error = asApiError(cause);
      settled.failed.push({ one, error });
      if (error.status === 0 || error.status === 401) break;
    }
  }
  return settled;
}
