// Sends files one after the other: documents at once, tables of questions with answers as jobs that are waited for.
import { ApiError, api } from "../lib/api";
import { isTable, knowledge, nameOf } from "../lib/knowledge";
import { asApiError } from "../lib/resource.svelte";
import type { Job } from "../lib/types";
import type { Sent } from "./Uploads.svelte";

const LOOK_EVERY_MS = 400;

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function ended(job: Job): Promise<Job> {
  let now = job;
  while (now.state === "queued" || now.state === "running") {
    await later(LOOK_EVERY_MS);
    now = await api.job(job.id);
  }
  if (now.state === "done") return now;
  throw new ApiError(-2, typeof now.error === "object" && now.error !== null ? now.error : { code: "job", message: now.error ?? now.state });
}

export class Sending {
  files = $state<Sent[]>([]);
  #n = 0;
  #running = false;
  /** Called after each file that changed something. */
  onchanged: () => void = () => {};

  get busy(): boolean {
    return this.files.some((one) => one.state !== "done");
  }

  /** `document` is the one whose new version a single file is. */
  add(chosen: readonly File[], document: string | null = null): void {
    this.files = [...this.files, ...chosen.map((file): Sent => ({ key: (this.#n += 1), name: nameOf(file), file, state: "waiting", share: 0 }))];
    void this.#run(document);
  }

  clear(): void {
    this.files = this.files.filter((one) => one.state !== "done");
  }

  async #run(document: string | null): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let one = this.#next(); one !== undefined; one = this.#next()) {
      await this.#send(one, document);
      this.onchanged();
    }
    this.#running = false;
  }

  #next(): Sent | undefined {
    return this.files.find((one) => one.state === "waiting");
  }

  async #send(one: Sent, document: string | null): Promise<void> {
    one.state = "sending";
    const onprogress = (share: number): void => {
      one.share = share;
      if (share >= 1) one.state = "reading";
    };
    try {
      if (isTable(one.name) && document === null) one.job = await ended(await knowledge.importInto("answers", one.file, one.name, onprogress));
      else one.put = await knowledge.put(one.file, one.name, document, onprogress);
    } catch (cause) {
      one.error = asApiError(cause);
    }
    one.state = "done";
  }
}
