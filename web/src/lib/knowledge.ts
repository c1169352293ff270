// What the console asks of the documents that customer service cites: what there is, in which version, and what changed.
import { get, queryText, request, upload, type Query } from "./api";
import type { Job } from "./types";

export type DocumentState = "on" | "retired";
export const LANGS = ["zh", "en", "mixed", "other"] as const;

export interface DocumentRow {
  document_id: string;
  title: string;
  source?: string | null;
  product_ids: string[];
  /** What the document calls its version. */
  version: string;
  /** Of its versions, from 1. */
  number: number;
  state: string;
  changed_at?: number | null;
  origin: string;
  n_chunks: number;
  n_chars: number;
  lang: string;
}

export interface DocumentPage {
  items: DocumentRow[];
  total: number;
  n_on: number;
  n_retired: number;
}

export interface Chunk {
  sections: string[];
  text: string;
  start: number;
  end: number;
}

export interface VersionRow {
  number: number;
  version: string;
  at?: number | null;
  origin: string;
  is_retirement: boolean;
  is_current: boolean;
  is_kept: boolean;
}

export interface DocumentView {
  document: DocumentRow;
  versions: VersionRow[];
  chunks: Chunk[];
}

export interface ChunkChange {
  kind: string;
  sections: string[];
  text?: string | null;
  was?: string | null;
}

export interface VersionChanges {
  number: number;
  against?: number | null;
  title: string;
  title_was?: string | null;
  product_ids: string[];
  product_ids_were?: string[] | null;
  n_same: number;
  n_added: number;
  n_removed: number;
  n_changed: number;
  changes: ChunkChange[];
}

export interface DocumentPut {
  document_id: string;
  outcome: string;
  number: number;
  n_chunks: number;
}

const id = (text: string): string => encodeURIComponent(text);

export const knowledge = {
  list: (query: Query, signal?: AbortSignal) => get<DocumentPage>("/knowledge", query, signal),
  one: (document: string, query: Query, signal?: AbortSignal) => get<DocumentView>(`/knowledge/${id(document)}`, query, signal),
  changes: (document: string, number: number, signal?: AbortSignal) => get<VersionChanges>(`/knowledge/${id(document)}/versions/${number}`, {}, signal),
  restore: (document: string, number: number) => request<DocumentPut>("POST", `/knowledge/${id(document)}/restore`, { number }),
  retire: (document: string) => request<void>("DELETE", `/knowledge/${id(document)}`),
  put: (file: File, name: string, document: string | null, onprogress: (share: number) => void) =>
    upload<DocumentPut>("POST", `/knowledge${queryText({ name, document_id: document })}`, file, onprogress),
  /** A file for one of the shop's tables, as a job. */
  importInto: (table: string, file: File, name: string, onprogress: (share: number) => void) => upload<Job>("POST", `/import/${id(table)}${queryText({ name })}`, file, onprogress),
};

/** What a browser is asked to offer. */
export const ACCEPTED = ".md,.markdown,.html,.htm,.pdf,.docx,.txt,.csv,.tsv";
/** Files in a row; more are imported from the command line. */
export const FILES_MAX = 200;

/** The name of a chosen file: with its folders where a folder was chosen, whose own name is left out as an import leaves it out. */
export function nameOf(file: { name: string; webkitRelativePath?: string }): string {
  const path = file.webkitRelativePath ?? "";
  return path.includes("/") ? path.slice(path.indexOf("/") + 1) : file.name;
}

/** Questions with answers come as tables; everything else is read as a document, or refused with a reason. */
export const isTable = (name: string): boolean => /\.(csv|tsv)$/i.test(name);

/** How many rows of an import were kept and refused, added up over its files. */
export function rowsOf(job: Job): { kept: number; rejected: number; before: boolean } {
  const result = job.result as { files?: { rows_kept?: number; rows_rejected?: number; already_imported_as?: string | null }[] } | null;
  const files = result?.files ?? [];
  const sum = (of: (file: (typeof files)[number]) => number | undefined): number => files.reduce((all, file) => all + (of(file) ?? 0), 0);
  return { kept: sum((file) => file.rows_kept), rejected: sum((file) => file.rows_rejected), before: files.some((file) => (file.already_imported_as ?? null) !== null) };
}
