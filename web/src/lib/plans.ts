// What the console asks of the plans: what will sell, what customers are worth, where money should go, whether it worked.
import { get, request, type Query } from "./api";
import type { Day, Instant, Text } from "./types";

/** The truth lies between `low` and `high` in the share `level` of such answers. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
  level: number;
}

/** What an answer rests on, and what speaks against it. */
export interface Backing {
  verdict: "enough" | "thin" | "refused";
  n: number;
  /** The support check, where there was one: rows that say as much, all alike; the share for which both groups were possible; the chance of a split as uneven. */
  effective_n?: number | null;
  overlap?: number | null;
  sample_ratio_p?: number | null;
  caveats: { kind: string; text: Text }[];
  would_change: Text[];
}

export const PARTS = ["total", "department", "category", "brand", "channel", "store", "product"] as const;
export const MEASURES = ["revenue", "units", "orders"] as const;
export const PERIODS = ["day", "week", "month"] as const;
export type By = (typeof PARTS)[number];
export type Measure = (typeof MEASURES)[number];
export type Period = (typeof PERIODS)[number];

export interface Accuracy {
  mase: number;
  naive_mase: number;
  smape: number;
  naive_smape: number;
  coverage: number;
  n_origins: number;
}

export interface SalesForecast {
  key: string;
  is_total: boolean;
  past: number[];
  mean: number[];
  low: number[];
  high: number[];
  method: string;
  accuracy: Accuracy | null;
}

export interface Forecasts extends Backing {
  by: By;
  measure: Measure;
  period: Period;
  level: number;
  as_of: Day;
  past_days: Day[];
  days: Day[];
  festivals: { name: Text; first_day: Day; last_day: Day; times: Estimate | null }[];
  series: SalesForecast[];
}

export interface Tried {
  process: string;
  predicted: number;
  error: number;
  naive_error: number;
  correlation: number;
}

export interface Foretold {
  frequency: number;
  n_customers: number;
  predicted: number;
  actual: number;
}

export interface Band {
  alive_from: number;
  n_customers: number;
  purchases: number;
  value_cents: number;
}

export interface Lifetimes extends Backing {
  version: string;
  made_at: Instant;
  as_of: Day;
  n_customers: number;
  n_repeating: number;
  process: string;
  parameters: { name: string; estimate: Estimate }[];
  n_alive: number;
  purchases: Estimate | null;
  purchases_at_the_rate_so_far: number;
  value_cents: number | null;
  value_interval_cents?: Estimate | null;
  margin: number | null;
  tried: Tried[];
  holdout_days: number;
  holdout_purchases: number;
  foretold: Foretold[];
  bands: Band[];
}

export interface Bound {
  channel: string;
  floor_cents: number | null;
  ceiling_cents: number | null;
}

/** A spend and what it is expected to bring beyond nothing. */
export interface Point {
  spend_cents: number;
  value_cents: Estimate;
}

export interface ChannelPlan {
  channel: string;
  spent_cents: number;
  brought_cents: Estimate;
  return_on_spend: Estimate;
  marginal_return: Estimate;
  current_cents: number;
  planned_cents: number;
  equal_cents: number;
  floor_cents: number;
  ceiling_cents: number;
  curve: Point[];
}

export interface WeekOfSales {
  day: Day;
  sold_cents: number;
  fitted_cents: number;
  baseline_cents: number;
  /** In the order of the channels. */
  from_channels_cents: number[];
}

export interface BudgetPlan extends Backing {
  as_of: Day;
  days: Day[];
  level: number;
  budget_cents: number;
  /** Where the budget was sought for one: sales in cents, or sales that a coin adds. */
  goal: { kind: "sales" | "return_on_spend"; wanted: number; expected: Estimate; chance: number } | null;
  shadow_price: number;
  baseline_cents: Estimate | null;
  left_over_cents: Estimate | null;
  added_cents: Estimate | null;
  over_equal_cents: Estimate | null;
  over_current_cents: Estimate | null;
  baseline_so_far_cents: Estimate | null;
  r_squared: number;
  r_squared_without_channels: number;
  channels: ChannelPlan[];
  weeks: WeekOfSales[];
}

export interface BudgetWanted {
  weeks: number;
  budget_cents?: number;
  /** In place of a budget. */
  sales_cents?: number;
  return_on_spend?: number;
  bounds?: Bound[];
}

export interface Campaign {
  campaign_id: string;
  first_day: Day;
  last_day: Day;
  arms: { arm: string; n_customers: number; n_responded: number }[];
  control: string | null;
}

export const OUTCOMES = ["revenue", "ordered", "response"] as const;
export const READINGS = ["fixed", "sequential", "bayesian"] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type Reading = (typeof READINGS)[number];

/** A measure beside the goal. */
export interface MeasureVerdict extends Backing {
  outcome: Outcome;
  role: "secondary" | "guardrail";
  /** By how much a guardrail may get worse, in parts of the control's mean. */
  margin: number | null;
  mean: number;
  control_mean: number;
  difference: Estimate | null;
  relative: Estimate | null;
  shows: "above" | "below" | "open";
  p_value: number | null;
  adjusted_p_value: number | null;
}

/** What to do by all measures. */
export interface ArmDecision {
  step: "ship" | "stop" | "continue" | "no_difference";
  reasons: Text[];
  progress: number;
  measures: MeasureVerdict[];
}

export interface ArmVerdict extends Backing {
  arm: string;
  n_customers: number;
  mean: number;
  control_mean: number;
  difference: Estimate | null;
  relative: Estimate | null;
  shows: "above" | "below" | "open";
  p_value: number | null;
  adjusted_p_value: number | null;
  chance_better: number | null;
  variance_kept: number;
  incremental_cents: Estimate | null;
  cost_cents: number;
  decision: ArmDecision | null;
}

export interface CampaignVerdict {
  campaign_id: string;
  control: string;
  n_control: number;
  outcome: Outcome;
  method: Reading;
  days: number;
  level: number;
  as_of: Day;
  n_in_several_arms: number;
  n_too_recent: number;
  arms: ArmVerdict[];
}

export interface Needed {
  n_customers: number;
  n_days: number | null;
  n_for_half_the_effect: number;
  would_change: Text[];
}

export interface CategoryElasticity {
  category: string;
  /** Drawn towards that of all categories as far as it is uncertain, and from its own products alone. */
  elasticity: Estimate;
  alone: Estimate;
  /** `not_identified`: what was dearer sold more, so prices there followed interest. */
  shows: "falls" | "open" | "not_identified";
  n_products: number;
  n_price_changes: number;
}

export interface PriceLeft {
  month: number;
  n_products: number;
  median: number;
  low: number;
  high: number;
}

export interface Prices extends Backing {
  as_of: Day;
  elasticity: Estimate | null;
  substitution: Estimate | null;
  categories: CategoryElasticity[];
  left: PriceLeft[];
}

export interface MarkdownWanted {
  product_id: string;
  weeks: number;
  stock?: number;
  lowest: number;
  salvage: number;
  elasticity?: number;
}

export interface Brings {
  revenue_cents: Estimate;
  sold: Estimate;
  sold_out: number;
}

export interface WeekPrice {
  day: Day;
  demand: number;
  price_cents: number;
  /** If a tenth, two tenths … of the stock are left. */
  by_tenths_left_cents: number[];
}

export interface Markdown extends Backing {
  product_id: string;
  name: string;
  stock: number;
  price_cents: number;
  elasticity: number;
  weeks: WeekPrice[];
  best: Brings | null;
  hold: Brings | null;
  single: Brings | null;
  single_price_cents: number;
  over_hold_cents: Estimate | null;
}

export interface ArmStanding {
  arm: string;
  n: number;
  n_waiting: number;
  reward: number;
  mean: Estimate;
  chance_best: number;
}

export interface Experiment {
  id: string;
  arms: { name: string; weight: number }[];
  chooser: "split" | "thompson" | "tree";
  traffic: number;
  holdout: number;
  floor: number;
  attributes: string[];
  wait_minutes: number;
  salt: string;
  created_at: number;
  stopped_at: number | null;
}

export interface Standing extends Experiment {
  standing: ArmStanding[];
  n_kinds: number;
}

/** Customers who own one of a category, and how they replace it. */
export interface Replaced extends Backing {
  category: string;
  n_owners: number;
  n_replaced: number;
  kept_months: Estimate | null;
  due: Estimate | null;
  due_at_one_rate: number;
  held_back: { foretold: Estimate; came: number } | null;
  moves: { kind: Moved; n: number; share: Estimate }[];
}

export type Moved = "next_generation" | "leapfrogged" | "same_or_older" | "other_line" | "other_brand";

export interface ProductLine {
  name: string;
  category: string;
  next_expected_on: Day | null;
  generations: { generation: number; launched_on: Day | null; is_on_sale: boolean; n_owners: number; due: number }[];
}

export interface OldStock {
  product_id: string;
  name: string;
  stock: number;
  sold: Estimate;
  left: Estimate;
  left_at_the_rate_before: number;
  advice: "sells_out" | "watch" | "mark_down";
}

export interface Generations extends Backing {
  made_at: Instant;
  as_of: Day;
  months: number;
  n_lines: number;
  categories: Replaced[];
  lines: ProductLine[];
  run_off: { days: number; share: Estimate }[];
  run_off_backing: Backing;
  old_stock: OldStock[];
}

/** What one part of a promotion did, in cents. */
export interface PartOfLift {
  lift_cents: Estimate;
  net_cents: Estimate;
}

export interface PastPromotion {
  key: string;
  name: Text;
  first_day: Day;
  last_day: Day;
  days_before: number;
  days_after: number;
  depth: number;
  n_on_offer: number;
  n_sold: number;
  sold_cents: number;
  usual_cents: Estimate;
  lift_cents: Estimate;
  held_back_cents: Estimate;
  pulled_forward_cents: Estimate;
  net_cents: Estimate;
  naive_lift_cents: number;
  on_offer: PartOfLift | null;
  cannibalised: PartOfLift | null;
  halo: PartOfLift | null;
  returned: number | null;
  returned_usually: number | null;
  protection_at_most_cents: number | null;
  net_margin_cents: Estimate | null;
  net_spend_cents: Estimate | null;
  verdict: "paid" | "lost" | "open" | null;
  is_over: boolean;
  in_shadow_of: Text | null;
}

export interface Promotions extends Backing {
  as_of: Day;
  level: number;
  n_ordinary_days: number;
  r_squared: number;
  without_offers: Text[];
  promotions: PastPromotion[];
}

export const SCHEMES = ["aipl", "4a", "5a", "states"] as const;
export type Scheme = (typeof SCHEMES)[number];

export interface CrowdFlow {
  from: string | null;
  to: string | null;
  n: number;
  share: Estimate;
}

export interface Crowd extends Backing {
  made_at: Instant;
  as_of: Day;
  days: number;
  stages: { key: string; name: Text; n: number; n_before: number }[];
  flows: CrowdFlow[];
  nearer: Estimate;
  channels: { channel: string; n_touched: number; n_nearer: number; nearer: Estimate; shows: "above" | "below" | "open" }[];
}

/** Who is left out of campaigns because something is open. */
export interface HeldBackList {
  as_of: Day;
  total: number;
  reasons: { reason: string; text: Text; n: number }[];
  items: { customer_id: string; reason: string; text: Text; since: Day; product_id: string | null }[];
  products: { product_id: string; name: string; n_ratings: number; n_bad: number; share: Estimate; usual: number }[];
}

export interface TreatWanted {
  control?: string;
  outcome: Outcome;
  days: number;
  budget_cents?: number;
}

export interface TreatPoint {
  share: number;
  n_customers: number;
  gain_cents: Estimate;
  by_spend_cents: Estimate;
  cost_cents: number;
}

export interface Treat extends Backing {
  n_control: number;
  as_of: Day;
  level: number;
  value_cents: number;
  arms: { arm: string; n_customers: number; cost_cents: number; effect: Estimate | null; qini: Estimate | null; qini_by_spend: number }[];
  curve: TreatPoint[];
  today: { n_reachable: number; n_held_back: number; n_treated: number; arms: Record<string, number>; cost_cents: number; gain_cents: number; gain_of_all_cents: number; cost_of_all_cents: number; gain_measured_cents: Estimate | null; gain_of_all_measured_cents: Estimate | null } | null;
}

export interface TradeInGroup {
  category: string;
  from_months: number;
  below_months: number | null;
  n_owners: number;
  price_cents: number;
  margin_cents: number;
  buys_anyway: number;
  buys: number;
  subsidy_cents: number;
  cost_cents: number;
  gain_cents: number;
}

export interface TradeInPlan extends Backing {
  as_of: Day;
  months: number;
  level: number;
  groups: TradeInGroup[];
  n_held_back: number;
  cost_cents: number;
  gain_cents: Estimate | null;
  bound_cents: number;
  shadow_price: number;
  one_for_all: number;
  one_for_all_cents: number;
  n_for_trial: number | null;
}

export interface SellingPoint {
  attribute: string;
  name: Text;
  from: Text;
  to: Text;
  worth: Estimate | null;
  worth_cents: Estimate | null;
  coefficient: Estimate;
  shows: "worth" | "open" | "unwanted";
}

export interface SellingSegment extends Backing {
  segment: string | null;
  name: Text;
  n_choices: number;
  price_cents: number;
  points: SellingPoint[];
}

export interface SellingPoints {
  as_of: Day;
  level: number;
  category: string;
  categories: { category: string; n_purchases: number }[];
  left_out: string[];
  segments: SellingSegment[];
}

/** A launch that may be looked at. */
export interface LaunchOfShop {
  product_id: string;
  name: string;
  brand: string;
  category: string;
  launched_on: Day;
  is_assumed: boolean;
  price_cents: number | null;
  stock: number | null;
  sold: number;
}

export interface Launches {
  as_of: Day;
  items: LaunchOfShop[];
  n_without_day: number;
  categories: string[];
}

export interface LookAlike {
  product_id: string;
  name: string;
  brand: string;
  category: string;
  launched_on: Day;
  is_assumed: boolean;
  price_cents: number | null;
  same_brand: boolean;
  same_line: boolean;
  preorders: number;
  sales: number[];
  sold: number;
}

export const SHAPES = ["usual", "triangle", "trapezoid", "bass"] as const;
export type LaunchStep = "go" | "raise" | "cut";

export interface LaunchDecision {
  step: LaunchStep | null;
  stock: number | null;
  best_stock: number;
  go_from: number;
  go_to: number;
  price_cents: number;
  cost_cents: number;
  salvage_cents: number;
  critical_ratio: number;
  left: Estimate | null;
  short: Estimate | null;
  sold_out: number | null;
  earns_cents: Estimate | null;
  gain_cents: Estimate | null;
  next: { until: Day; sales: Estimate; raise_from: number | null; cut_to: number | null; raise_chance: number; cut_chance: number } | null;
  reasons: Text[];
}

export interface LaunchDesk extends Backing {
  as_of: Day;
  product_id: string | null;
  name: string;
  brand: string;
  category: string;
  launched_on: Day;
  is_assumed: boolean;
  price_cents: number | null;
  days: Day[];
  sales: number[];
  days_of_last: number;
  sold: number;
  preorders: number | null;
  n_with_preorders: number;
  expected: Estimate[];
  cumulated: Estimate[];
  total: Estimate | null;
  remaining: Estimate | null;
  total_before: Estimate | null;
  baseline: number[];
  baseline_total: number | null;
  shape: (typeof SHAPES)[number] | null;
  tried: { shape: (typeof SHAPES)[number]; n: number; error: number; baseline_error: number; inside: number }[];
  lookalikes: LookAlike[];
  decision: LaunchDecision | null;
}

export interface LaunchWanted {
  product_id?: string;
  category?: string;
  brand?: string;
  price_cents?: number;
  cost_cents?: number;
  launch_on?: Day;
  stock?: number;
  preorders?: number;
  weeks?: number;
  salvage?: number;
}

export const RULES = ["last", "first", "linear", "time_decay", "position", "markov", "shapley"] as const;

export interface ChannelCredit {
  channel: string;
  n_touches: number;
  n_orders: number;
  rules: { rule: (typeof RULES)[number]; share: Estimate; value_cents: number }[];
  mix: { attributed: number; caused: Estimate; disagrees: boolean } | null;
}

export interface Attribution extends Backing {
  first_day: Day;
  as_of: Day;
  days: number;
  level: number;
  n_journeys: number;
  n_orders: number;
  n_untouched: number;
  value_cents: number;
  channels: ChannelCredit[];
  mix: Backing | null;
}

const id = encodeURIComponent;
const standing = (experiment: string, signal?: AbortSignal): Promise<Standing> => get<Standing>(`/experiments/${id(experiment)}`, {}, signal);

export const plans = {
  forecast: (query: Query, signal?: AbortSignal) => get<Forecasts>("/plan/forecast", query, signal),
  lifetimes: (signal?: AbortSignal) => get<Lifetimes>("/plan/customers", {}, signal),
  generations: (signal?: AbortSignal) => get<Generations>("/plan/generations", {}, signal),
  promotions: (signal?: AbortSignal) => get<Promotions>("/plan/promotions", {}, signal),
  crowd: (scheme: Scheme, signal?: AbortSignal) => get<Crowd>("/plan/crowd", { as: scheme }, signal),
  heldBack: (query: Query, signal?: AbortSignal) => get<HeldBackList>("/after-sales/held-back", query, signal),
  treat: (campaign: string, wanted: TreatWanted, signal?: AbortSignal) => request<Treat>("POST", `/campaigns/${id(campaign)}/treat`, wanted, signal),
  tradeIn: (wanted: { budget_cents?: number }, signal?: AbortSignal) => request<TradeInPlan>("POST", "/plan/trade-in", wanted, signal),
  sellingPoints: (query: Query, signal?: AbortSignal) => get<SellingPoints>("/plan/selling-points", query, signal),
  budget: (wanted: BudgetWanted, signal?: AbortSignal) => request<BudgetPlan>("POST", "/plan/budget", wanted, signal),
  attribution: (query: Query, signal?: AbortSignal) => get<Attribution>("/plan/attribution", query, signal),
  campaigns: async (signal?: AbortSignal) => (await get<{ items: Campaign[] }>("/campaigns", {}, signal)).items,
  verdict: (campaign: string, query: Query, signal?: AbortSignal) => get<CampaignVerdict>(`/campaigns/${id(campaign)}/verdict`, query, signal),
  prices: (signal?: AbortSignal) => get<Prices>("/plan/prices", {}, signal),
  launches: (signal?: AbortSignal) => get<Launches>("/plan/launches", {}, signal),
  launchDesk: (wanted: LaunchWanted, signal?: AbortSignal) => request<LaunchDesk>("POST", "/plan/launch-desk", wanted, signal),
  markdown: (wanted: MarkdownWanted, signal?: AbortSignal) => request<Markdown>("POST", "/plan/markdown", wanted, signal),
  /** With how each stands: there are few. */
  experiments: async (signal?: AbortSignal): Promise<Standing[]> => {
    const { items } = await get<{ items: Experiment[] }>("/experiments", {}, signal);
    return Promise.all(items.map((one) => standing(one.id, signal)));
  },
  stopExperiment: (experiment: string) => request<Experiment>("POST", `/experiments/${id(experiment)}/stop`),
  forgetExperiment: (experiment: string) => request<unknown>("DELETE", `/experiments/${id(experiment)}`),
  needed: (query: Query, signal?: AbortSignal) => get<Needed>("/plan/experiment", query, signal),
};
