// The API's shapes as the console reads them. The service's OpenAPI document is the authority; this follows it.

/** UTC milliseconds, or an ISO text. */
export type Instant = number | string;
/** A local calendar day of the shop, `YYYY-MM-DD`. */
export type Day = string;

export interface ErrorBody {
  code: string;
  message: string;
  detail?: unknown;
  help?: string | null;
}

export interface ShopName {
  id: string;
  name: string;
}

export interface Shop extends ShopName {
  currency: string;
  language: string;
  time_zone: string;
}

export interface Session {
  shop: Shop;
  shops: ShopName[];
  scopes: string[];
}

export interface Page<T> {
  total: number;
  items: T[];
}

export interface Product {
  product_id: string;
  name: string;
  brand?: string | null;
  category?: string | null;
  price_cents?: number | null;
  cost_cents?: number | null;
  launched_on?: Day | null;
  retired_on?: Day | null;
  predecessor_id?: string | null;
  stock?: number | null;
  specs?: Record<string, string> | null;
  description?: string | null;
  image_url?: string | null;
  extra?: string | null;
  n_orders?: number | null;
  n_events?: number | null;
  revenue_cents?: number | null;
}

/** What the catalogue can be narrowed by; the lists hold the most frequent. */
export interface ProductFacets {
  total: number;
  n_categories: number;
  categories: { category: string; n_products: number }[];
  n_brands: number;
  brands: { brand: string; n_products: number }[];
}

export interface Customer {
  customer_id: string;
  joined_on?: Day | null;
  birth_year?: number | null;
  gender?: string | null;
  region?: string | null;
  city?: string | null;
  first_channel?: string | null;
  consent?: string[] | null;
  n_orders?: number | null;
  spent_cents?: number | null;
  last_seen?: Instant | null;
}

export interface HistoryItem {
  at: Instant;
  kind: string;
  product_id?: string | null;
  product_name?: string | null;
  quantity?: number | null;
  price_cents?: number | null;
  channel?: string | null;
  query?: string | null;
  value?: number | null;
}

export interface Term {
  name: string;
  value: number;
  /** The customer's own product it comes from, what they did with it, and when. */
  product_id?: string | null;
  kind?: string | null;
  at?: Instant | null;
  /** The rule it comes from. */
  rule?: string | null;
}

export interface Reason {
  kind: string;
  text: string;
  share?: number | null;
  product_id?: string | null;
  product_name?: string | null;
}

export interface RecommendedItem {
  product_id: string;
  name: string;
  brand?: string | null;
  category?: string | null;
  price_cents?: number | null;
  image_url?: string | null;
  score: number;
  propensity?: number | null;
  /** Drawn for trial, rather than the best known. */
  explored?: boolean;
  /** The rule that gave it its place. */
  pinned_by?: string | null;
  terms?: Term[] | null;
  reasons?: Reason[] | null;
}

export interface Recommendations {
  list_id?: string | null;
  customer_id?: string | null;
  model?: { version: string; card: string } | null;
  fallback?: string | null;
  items: RecommendedItem[];
}

/** Whether a stored list comes out the same when made again. */
export interface Replay {
  identical: boolean;
  why?: string | null;
}

export interface Explanation extends Recommendations {
  at: Instant;
  replay?: Replay | null;
}

export interface SimilarItem {
  product_id: string;
  name: string;
  brand?: string | null;
  category?: string | null;
  price_cents?: number | null;
  image_url?: string | null;
  score?: number | null;
}

export interface TableStatus {
  name: string;
  sentence: string;
  n_rows: number;
  first?: Instant | null;
  last?: Instant | null;
  n_rejected?: number | null;
  updated_at?: Instant | null;
}

export interface Health {
  level: "ok" | "warn" | "error";
  title: string;
  detail?: string | null;
  help?: string | null;
  table?: string | null;
}

export interface Interval {
  mean: number;
  low?: number | null;
  high?: number | null;
}

export type Metrics = Record<string, number | Interval | null>;
export type SettingValue = string | number | boolean;
export type Settings = Record<string, SettingValue>;

export interface Model {
  version: string;
  kind?: string | null;
  card: string;
  settings?: Settings | null;
  trained_at: Instant;
  seconds?: number | null;
  n_users?: number | null;
  n_items?: number | null;
  n_interactions?: number | null;
  /** How the data was divided for the metrics, in words. */
  split?: string | null;
  metrics?: Metrics | null;
  /** What an automatic choice compared. */
  tried?: { card: string; settings?: Settings; metric: string; value: number; seconds?: number }[] | null;
  current?: boolean;
}

export interface Overview {
  tables: TableStatus[];
  health: Health[];
  model: Model | null;
  requests: { per_minute: number[]; p50_ms?: number | null; p99_ms?: number | null; errors: number };
  orders_by_day: { day: Day; n_orders: number; revenue_cents: number }[];
  top_categories: { category: string; revenue_cents: number }[];
}

export interface EvaluationRow {
  card: string;
  settings?: Settings | null;
  metrics: Metrics;
  fit_seconds?: number | null;
}

export interface Evaluation {
  id: string | number;
  at: Instant;
  split: string;
  k: number[];
  rows: EvaluationRow[];
  n_users?: number | null;
}

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";

export interface Job {
  id: string | number;
  kind: string;
  state: JobState;
  progress?: number | null;
  message?: string | null;
  params?: unknown;
  created_at: Instant;
  started_at?: Instant | null;
  finished_at?: Instant | null;
  result?: unknown;
  error?: ErrorBody | string | null;
}

export type ParamKind =
  | { type: "int"; min: number; max: number; default: number }
  | { type: "float"; min: number; max: number; default: number }
  | { type: "choice"; options: string[]; default: string }
  | { type: "bool"; default: boolean }
  | { type: "text"; default: string };

export interface Param {
  name: string;
  sentence: string;
  unit: string;
  kind: ParamKind;
}

export interface Card {
  name: string;
  sentence: string;
  family: string;
  params: Param[];
  input?: string;
  source?: string;
}

export interface Key {
  id: string | number;
  name: string;
  scopes: string[];
  created_at?: Instant | null;
  last_used_at?: Instant | null;
  prefix?: string | null;
  secret?: string | null;
}
