// What the service says to customers and to the desk, as crates/assist and docs name it. Shared by the widget and the console.

export type Lang = "zh" | "en";
export type ChatState = "bot" | "waiting" | "person" | "closed";

export interface ProductCard {
  product_id: string;
  name: string;
  price_cents: number | null;
  in_stock: boolean | null;
  image_url: string | null;
  why: string | null;
}

export interface ComparisonRow {
  label: string;
  values: (string | null)[];
  better: number | null;
}

export interface OrderLine {
  product_id: string;
  name: string;
  quantity: number;
  unit_price_cents: number;
}

export interface OrderCard {
  order_id: string;
  ordered_at: number;
  status: string | null;
  lines: OrderLine[];
  total_cents: number;
  carrier: string | null;
  tracking_number: string | null;
  /** A day of the calendar. */
  expected_on: string | null;
  delivered_on?: string | null;
}

export interface FormField {
  name: string;
  label: string;
  value: string | null;
  is_asked: boolean;
  options: string[];
}

export interface FormView {
  form: string;
  title: string;
  fields: FormField[];
  to_confirm: boolean;
}

export type Block =
  | { kind: "products"; products: ProductCard[] }
  | { kind: "comparison"; products: ProductCard[]; rows: ComparisonRow[] }
  | ({ kind: "order" } & OrderCard)
  | ({ kind: "form" } & FormView);

export type Evidence =
  | { source: "product"; product_id: string; name: string; field: string; value: string }
  | { source: "order"; order_id: string; field: string; value: string }
  | { source: "fit"; product_id: string; with: string; value: string }
  | { source: "document"; document_id: string; version: string; title: string; text: string; start: number; end: number }
  | { source: "curated"; answer_id: string; question: string; text: string }
  | { source: "policy"; name: string; value: string }
  | { source: "opinions"; product_id: string; aspect: string; value: string }
  | { source: "computed"; how: string; value: string };

export interface ReplyParts {
  lang: Lang;
  /** The text without what the blocks show as well; absent if there is no such thing. */
  brief?: string | null;
  blocks: Block[];
  evidence: Evidence[];
  suggestions: string[];
  author: "built_in" | "curated" | "writer";
}

export interface HandOver {
  reason: string;
  skill: string;
  priority: number;
  summary: string;
  customer_id: string | null;
  product_ids: string[];
  order_ids: string[];
  suggested: string[];
  desk_open: boolean;
}

export type Action =
  | { kind: "none" }
  | { kind: "ask_back"; what: string }
  | { kind: "submit"; form: string; values: Record<string, string>; allowed_by: string[] }
  | ({ kind: "hand_over" } & HandOver)
  | { kind: "close" };

export interface ChatMessage {
  seq: number;
  at: number;
  from: "customer" | "bot" | "person" | "system";
  text: string;
  name?: string | null;
  reply?: ReplyParts | null;
  action?: Action | null;
  feedback?: "up" | "down" | null;
}

export interface Opened {
  conversation_id: string;
  secret: string;
  lang: Lang;
  assistant_name: string;
  greeting: ChatMessage;
  suggestions: string[];
  desk_open: boolean;
  /** ISO 4217, if the service says it. */
  currency?: string | null;
}

export interface Sent {
  message: ChatMessage;
  answer: ChatMessage | null;
  state: ChatState;
}

export interface StateEvent {
  state: ChatState;
  person: string | null;
  queue_position: number | null;
}
