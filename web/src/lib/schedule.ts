// What the server starts by itself: its wire type, and its times in words.

import type { Dictionary } from "../i18n";

/** Times are UTC milliseconds. */
export interface Scheduled {
  name: string;
  job: string;
  at: string;
  params: Record<string, unknown>;
  retries: number;
  next_at: number | null;
  planned_at: number | null;
  job_id: string | null;
  end: "done" | "failed" | "cancelled" | null;
  ended_at: number | null;
  n_failures: number;
  error: { code: string; message: string } | null;
}

/** `mon,thu 03:00`, `1 03:00`, `03:00` or `after NAME`, as people say it; `called` says what an entry is called. */
export function timesText(at: string, t: Dictionary["jobs"]["schedule"], called = (name: string): string => name): string {
  if (at.startsWith("after ")) return t.after(called(at.slice("after ".length)));
  const [days, time] = at.includes(" ") ? (at.split(" ") as [string, string]) : ["", at];
  if (days === "") return t.daily(time);
  if (/^\d+$/.test(days)) return t.monthly(days, time);
  return t.weekly(days.split(",").map((day) => t.days[day] ?? day).join(t.between), time);
}
