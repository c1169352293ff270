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
  /** The name of the key that opened it; absent for the console's password. */
  name?: string | null;
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
  n_orders?: number | null;
  n_events?: number | null;
  revenue_cents?: number | null;
  /** Reviews in the shop's tables. */
  n_reviews?: number | null;
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
  /** The customer group this one belongs to, where groups were trained. */
  segment?: { key: string; name: Text } | null;
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
  created_at: Instant;
}

/** A key just made: the only time its secret is told. */
export interface NewKey {
  id: string | number;
  name: string;
  scopes: string[];
  secret: string;
}

/** A text of the service in every language of the console. */
export interface Text {
  zh: string;
  en: string;
}

export interface Trait {
  kind: string;
  level: string;
  label: Text;
  share: number;
  share_elsewhere: number;
  lift: number;
  z: number;
  direction: "over" | "under";
}

export interface GroupAction {
  kind: string;
  title: Text;
  reason: Text;
}

export interface Group {
  key: string;
  name: Text;
  description: Text;
  n_customers: number;
  share: number;
  revenue_cents: number;
  revenue_share: number;
  n_orders: number;
  mean_order_cents: number;
  value_per_customer_cents: number;
  recency_days_median: number | null;
  /** Customers who bought in the last 90 days beside the 90 before, and what they paid. */
  trend: { n_now: number; n_before: number; change: number | null; value_cents: number; value_cents_before: number; value_change: number | null };
  stability: number | null;
  traits: Trait[];
  actions: GroupAction[];
  /** As of when there has been a group of this key. */
  since: Day | null;
  /** Where its customers were before, most first. */
  was: GroupBefore[];
}

/** A former group as part of a present one: shares of the present one's customers and of its own. */
export interface GroupBefore {
  key: string;
  name: Text;
  n: number;
  share: number;
  share_of_it: number;
}

/** The grouping before this one; `counts` has a row for each former group and a column for each present one. */
export interface SegmentsBefore {
  version: string;
  trained_at: Instant;
  as_of: Day;
  groups: { key: string; name: Text; n_customers: number; goes_on: boolean }[];
  counts: number[][];
}

export interface ChoicePoint {
  k: number;
  inertia: number;
  silhouette: number | null;
  gap: number | null;
  gap_error: number | null;
}

export interface Segments {
  version: string;
  trained_at: Instant;
  seconds: number | null;
  as_of: Day;
  n_customers: number;
  by: "behaviour" | "taste";
  card: string;
  settings?: Settings | null;
  seed?: number | null;
  choice: { recommended: number; curve: ChoicePoint[] } | null;
  stability: { mean: number; low: number; high: number; n_resamples: number; n_fitted: number } | null;
  /** What placing everybody with the nearest centre did to the method's own labels, as shares. */
  placement: { noise: number; noise_resampled: number; moved: number } | null;
  features: { name: string; label: Text; unit: string; weight: number }[];
  groups: Group[];
  before: SegmentsBefore | null;
}

/** A sample of customers on two axes, in columns; coordinates are whole numbers from 0 to 65535. */
export interface GroupMap {
  n: number;
  n_total: number;
  x: number[];
  y: number[];
  group: number[];
  explained: [number, number];
  axes: [Text, Text];
  groups: { key: string; name: Text; x: number; y: number }[];
}

export interface NearCustomer {
  customer_id: string;
  segment: string | null;
  spent_cents: number | null;
  n_orders: number | null;
  last_seen: Instant | null;
}

/** Merges are SciPy's: two nodes, a height, and how many leaves stand below. */
export interface GroupTree {
  /** Whether these are the last merges of the method that made the groups. */
  is_own: boolean;
  leaves: { id: number; n_customers: number; group: string }[];
  merges: [number, number, number, number][];
  order: number[];
}

export interface Member {
  customer_id: string;
  spent_cents: number | null;
  n_orders: number | null;
  last_seen: Instant | null;
}

export interface GroupMember extends Member {
  rfm: string | null;
}

export interface AudienceMember extends Member {
  score?: number | null;
}

/** What tables of either show. */
export type AnyMember = Member & Partial<GroupMember> & Partial<AudienceMember>;

export interface RfmGroup {
  key: string;
  name: Text;
  meaning: Text;
  advice: Text;
  n_customers: number;
  share: number;
  revenue_cents: number;
  revenue_share: number;
}

/** `grid` and `cells` have a row for each recency score and a column for each frequency score, both from 1 to 5. */
export interface Rfm {
  as_of: Day;
  n_customers: number;
  edges: { recency_days: number[]; orders: number[]; spent_cents: number[] };
  grid: { n: number; revenue_cents: number }[][];
  groups: RfmGroup[];
  cells: string[][];
}

export interface CohortRow {
  month: string;
  n_customers: number;
  /** By months since the first purchase; `null` is still to come. */
  retained: (number | null)[];
  revenue_cents: (number | null)[];
}

export interface Cohorts {
  months: string[];
  rows: CohortRow[];
}

export interface Migration {
  months: string[];
  groups: { key: string; name: Text }[];
  steps: { from: string; to: string; counts: number[][] }[];
}

export type Scalar = string | number | boolean;
export interface DidWhat {
  category?: string;
  brand?: string;
  product?: string;
  price_min_cents?: number;
  price_max_cents?: number;
}
export type Condition =
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition }
  | { field: string; op: string; value?: Scalar | Scalar[] | null }
  | { did: string; what?: DidWhat; within_days?: number | null; at_least?: number; at_most?: number | null }
  | { audience: string | number; score_min?: number | null }
  | { recommended: RecommendedWhat; within_first?: number }
  | { taste: TasteFor; at_least?: number | null };

/** One of the two. */
export interface TasteFor {
  brand?: string;
  category?: string;
}

export interface RecommendedWhat {
  category?: string;
  brand?: string;
  product?: string;
}

export type RefreshRate = "daily" | "hourly" | "never";

export interface Lookalike {
  seed: string | number;
  method: string;
  /** All `null` with too few seeds to hide any. */
  lift_at_1: number | null;
  lift_at_5: number | null;
  lift_at_10: number | null;
  auc: number | null;
  auc_low: number | null;
  auc_high: number | null;
  n_seeds: number;
}

export interface Consent {
  channel: string;
  n: number;
}

export interface Audience {
  id: string | number;
  name: string;
  kind: "rules" | "lookalike" | "segment";
  conditions: Condition | null;
  sql: string;
  n_customers: number;
  refreshed_at: Instant | null;
  refresh: RefreshRate;
  created_at: Instant;
  history: { at: Instant; n: number }[];
  lookalike: Lookalike | null;
  /** How many may be reached on which channel. */
  consent?: Consent[] | null;
  /** Groups that it asks for and that exist no more: it stays as it was. */
  lost_groups?: string[];
}

export interface AudienceDraft {
  name: string;
  conditions: Condition;
  refresh?: RefreshRate;
}

export interface AudienceCount {
  n: number;
  share: number;
  n_all: number;
  consent: Consent[];
  sql: string;
  revenue_cents: number | null;
}

export interface AudienceField {
  name: string;
  label: Text;
  kind: "number" | "money" | "day" | "days" | "choice" | "text" | "flag";
  unit?: string | null;
  choices?: { value: string; label: Text; n?: number | null }[] | null;
  operators: string[];
}

export interface AudienceFields {
  fields: AudienceField[];
  behaviours: { kind: string; label: Text }[];
  segments: { key: string; name: Text }[];
  audiences: { id: string | number; name: string; kind: string }[];
  channels: string[];
  categories: string[];
  brands: string[];
  /** What everybody would be recommended, as it was last worked out. */
  recommended: { model_version: string | null; made_at: Instant; n: number } | null;
  /** What tastes were worked out for. */
  tastes: { brands: string[]; categories: string[] } | null;
}

// What people write. `start` and `end` count characters (code points), never UTF-16 units; see lib/language.ts.

export interface LanguageInfo {
  version: string;
  trained_at: Instant;
  seconds: number;
  seed: number;
  texts: { n_reviews: number; n_products: number; n_documents: number; n_words: number; n_distinct: number };
  vectors: { n_words: number; dim: number; epochs: number; words_per_second: number; losses: number[] } | null;
  sentiment: {
    n_train: number;
    n_test: number;
    accuracy: number;
    macro_f1: number;
    calibration_error: number;
    accuracy_of_commonest: number;
  } | null;
  opinions: { n_products: number; n_mentions: number; n_aspects: number };
  search: { n_products: number; n_documents: number; n_chunks: number; bytes: number };
  lexicon: { n_words: number; n_names: number; examples: string[] };
}

export interface WordNeighbour {
  word: string;
  similarity: number;
  count: number;
}

export interface WordNeighbours {
  word: string;
  known: boolean;
  count: number;
  items: WordNeighbour[];
}

export interface WordPoint {
  word: string;
  x: number;
  y: number;
  count: number;
  cluster: number;
  kind: "brand" | "name" | "word";
}

export interface WordMap {
  items: WordPoint[];
  clusters: { words: string[]; n: number }[];
}

export interface OpinionRow {
  product_id: string;
  name: string;
  brand: string | null;
  n_reviews: number;
  n_mentions: number;
  stars_mean: number | null;
  share_positive: number;
  praised: string[];
  blamed: string[];
}

export interface OpinionList {
  total: number;
  items: OpinionRow[];
  aspects: { key: string; label: Text }[];
}

export interface OpinionMonth {
  month: string;
  positive: number;
  negative: number;
}

export interface Quote {
  text: string;
  polarity: "positive" | "negative";
  at: Instant;
  stars: number | null;
  n_alike: number;
}

export interface Aspect {
  key: string;
  label: Text;
  n: number;
  positive: number;
  negative: number;
  mixed: number;
  share_positive: number;
  low: number;
  high: number;
  others: {
    share_positive: number;
    n: number;
    difference: number;
    low: number;
    high: number;
    stands_out: "better" | "worse" | null;
  } | null;
  over_time: OpinionMonth[];
  quotes: Quote[];
}

export interface OpinionPage {
  product_id: string;
  name: string;
  brand: string | null;
  category: string | null;
  n_reviews: number;
  n_mentions: number;
  stars_mean: number | null;
  share_positive: number;
  aspects: Aspect[];
  neighbours: { product_id: string; name: string }[];
  over_time: OpinionMonth[];
  summary: Text;
}

export interface Mark {
  start: number;
  end: number;
}

export interface Mention extends Mark {
  aspect: string;
  label: Text;
  polarity: "positive" | "negative" | "neutral";
  confidence: number;
  term_start: number;
  term_end: number;
}

export interface Analysis {
  text: string;
  language: string;
  sentiment: { label: string; probability: number; words: (Mark & { weight: number })[] } | null;
  mentions: Mention[];
}

export interface ReadCondition {
  id: string;
  attribute: string;
  label: Text;
  is_soft: boolean;
  start: number | null;
  end: number | null;
}

export interface ProductHit {
  product_id: string;
  name: string;
  brand: string | null;
  category: string | null;
  price_cents: number | null;
  score: number;
  marks: Mark[];
  snippet: { text: string; marks: Mark[] } | null;
  why: { term: string; reading: string; field: string; score: number }[];
}

export interface DocumentHit {
  document_id: string;
  title: string;
  sections: string[];
  text: string;
  start: number;
  end: number;
  marks: Mark[];
  score: number;
}

export interface Facet {
  attribute: string;
  values: { value: string; n: number }[];
  n_values: number;
}

export interface Found {
  /** Why the shop's own words stand in for the sentence encoder that was asked for. */
  note?: Text | null;
  query: {
    text: string;
    words: string;
    filters: ReadCondition[];
    sort: string;
    relaxed: string[];
    did_you_mean: string | null;
  };
  products: ProductHit[];
  n_products: number;
  documents: DocumentHit[];
  n_documents: number;
  facets: Facet[];
}

/** A model that writes, or one that is being learned, or both. */
export interface WritingItem {
  name: string;
  state: "ready" | "training" | "paused" | "damaged";
  problem: string | null;
  version: string | null;
  trained_at: Instant | null;
  cell: string;
  attention: string | null;
  pairs: string;
  n_pairs: number;
  n_parameters: number;
  bleu: number | null;
  exact: number | null;
  valid_loss: number | null;
  n_rejected: number;
  rejected: { line: number; reason: string }[];
  versions: string[];
  learning: {
    done: number;
    step: number;
    loss: number | null;
    valid_loss: number | null;
    tokens_per_second: number | null;
    seconds_left: number | null;
    seconds: number;
  } | null;
}

export interface CurvePoint {
  step: number;
  epoch: number;
  loss: number;
  valid_loss: number | null;
  tokens_per_second: number;
  at: Instant;
}

export interface Curve {
  name: string;
  state: WritingItem["state"];
  points: CurvePoint[];
  done: number;
  seconds_left: number | null;
}

export interface WrittenItem {
  text: string;
  tokens: string[];
  score: number;
  ended: boolean;
  /** Shape: (tokens, source). */
  attention: number[][];
}

export interface Written {
  name: string;
  version: string;
  source: string[];
  unknown: number[];
  masked: boolean;
  items: WrittenItem[];
}
