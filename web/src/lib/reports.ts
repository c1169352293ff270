// Reports and alerts: their wire types, and how a report is fetched as a page or as a file.

import { ask, get, queryText, request } from "./api";
import type { Text } from "./types";

export const FORMATS = ["html", "pdf", "xlsx", "csv", "json"] as const;
export type ReportFormat = (typeof FORMATS)[number];

/** A report that the schedule made. Times are UTC milliseconds. */
export interface KeptReport {
  version: string;
  made_at: number;
  from: string;
  to: string;
  lang: string;
  formats: string[];
  n_recipients: number;
}

export interface Alert {
  key: string;
  kind: string;
  title: Text;
  found: Text;
  expected: Text;
  help: Text;
  value: number;
  limit: number;
  sql: string | null;
  page: string | null;
  since: number;
  over_at: number | null;
}

export interface Alerts {
  day: string | null;
  looked_at: number | null;
  open: Alert[];
  over: Alert[];
  /** What nothing could be said of, and why. */
  unchecked: Text[];
}

/** Things that are looked at: four tables and the model. */
export const N_CHECKED = 5;

const id = encodeURIComponent;

export const reports = {
  kept: (signal?: AbortSignal) => get<{ items: KeptReport[] }>("/reports", {}, signal),
  alerts: (signal?: AbortSignal) => get<Alerts>("/alerts", {}, signal),
  look: () => request<Alerts>("POST", "/alerts"),
};

/** What a report is about: the last whole week up to a day, or a sending or campaign. */
export type ReportAbout = { day?: string } | { campaign: string } | { kept: string };

/** Where it is, in a form and a language. */
export function reportPath(about: ReportAbout, format: ReportFormat, lang: string): string {
  if ("kept" in about) return `/reports/kept/${id(about.kept)}${queryText({ format })}`;
  if ("campaign" in about) return `/reports/campaigns/${id(about.campaign)}${queryText({ format, lang })}`;
  return `/reports/weekly${queryText({ day: about.day, format, lang })}`;
}

/** The name that the service gives a file, or one of ours. */
export function nameIn(disposition: string | null, fallback: string): string {
  return /filename="([^"]+)"/.exec(disposition ?? "")?.[1] ?? fallback;
}

export async function fetchReport(about: ReportAbout, format: ReportFormat, lang: string, signal?: AbortSignal): Promise<{ blob: Blob; name: string }> {
  const answer = await ask("GET", reportPath(about, format, lang), undefined, signal);
  return { blob: await answer.blob(), name: nameIn(answer.headers.get("content-disposition"), `report.${format}`) };
}

/** A page cut into what is shown in a frame and its styles: the policy of the console lets no text set styles, a script of ours may. */
export function partsOf(page: string): { page: string; style: string } {
  const styles: string[] = [];
  const shown = page.replace(/<style[^>]*>([\s\S]*?)<\/style>/g, (_, style: string) => {
    styles.push(style);
    return "";
  });
  return { page: shown, style: styles.join("\n") };
}
