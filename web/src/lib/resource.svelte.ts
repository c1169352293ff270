// Loading, data and error of one request, kept together. A later load cancels the earlier; polling keeps the data shown.
import { ApiError } from "./api";

export class Resource<T> {
  data = $state.raw<T | undefined>(undefined);
  error = $state.raw<ApiError | undefined>(undefined);
  loading = $state(false);
  #controller: AbortController | undefined;
  #last: ((signal: AbortSignal) => Promise<T>) | undefined;

  /** Loads anew. `keep` leaves the old data on screen until the new data is here. */
  async load(ask: (signal: AbortSignal) => Promise<T>, { keep = true }: { keep?: boolean } = {}): Promise<void> {
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    this.#last = ask;
    this.loading = true;
    if (!keep) this.data = undefined;
    try {
      const data = await ask(controller.signal);
      if (controller.signal.aborted) return;
      this.data = data;
      this.error = undefined;
    } catch (cause) {
      if (controller.signal.aborted) return;
      this.error = asApiError(cause);
    } finally {
      if (this.#controller === controller) this.loading = false;
    }
  }

  retry = (): void => {
    if (this.#last !== undefined) void this.load(this.#last);
  };

  stop(): void {
    this.#controller?.abort();
  }
}

export function asApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  console.error(cause);
  return new ApiError(-1, { code: "console", message: cause instanceof Error ? cause.message : String(cause) });
}

/** What was asked for, or null where the service says by this code that there is none yet: an answer, not a failure. */
export async function orNone<T>(asked: Promise<T>, code: string): Promise<T | null> {
  try {
    return await asked;
  } catch (cause) {
    const error = asApiError(cause);
    if (error.status === 404 && error.body.code === code) return null;
    throw error;
  }
}

/** Calls `step` every `period_ms` while the page is visible; returns how to stop. */
export function poll(step: () => void, period_ms: number): () => void {
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") step();
  }, period_ms);
  return () => clearInterval(timer);
}
