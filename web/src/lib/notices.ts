// Notices of proactive service: read, put in order, counted by what brought them about.
import type { Evidence } from "../../widget/types";
import type { List, Notice } from "./service";

/** What brings a notice about, the most pressing first. */
export const NOTICE_KINDS = ["delivery_late", "order_shipped", "price_protection", "back_in_stock", "upgrade_due"] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Of one request: the most that the service answers. */
const WINDOW = 500;
/** Read at most; the oldest days beyond them wait until some of these are settled. */
export const NOTICES_MAX = 2_000;

/** The newest notices of a list that is read window by window; while it is read it may move, so each counts once. */
export async function newest(read: (offset: number, limit: number) => Promise<List<Notice>>): Promise<List<Notice>> {
  const by = new Map<string, Notice>();
  let total = 0;
  for (let offset = 0; offset < NOTICES_MAX; offset += WINDOW) {
    const page = await read(offset, WINDOW);
    for (const one of page.items) by.set(one.cause, one);
    total = page.total;
    if (page.items.length < WINDOW) break;
  }
  return { items: [...by.values()], total };
}

const rankOf = (kind: string): number => {
  const at = NOTICE_KINDS.findIndex((one) => one === kind);
  return at < 0 ? NOTICE_KINDS.length : at;
};

/** Notices of a kind together, the most pressing kind first; within one the order stays. A kind that is new here comes last. */
export const byKind = (notices: readonly Notice[]): Notice[] => [...notices].sort((a, b) => rankOf(a.kind) - rankOf(b.kind) || (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0));

/** How many there are of each kind. */
export function countByKind(notices: readonly Notice[]): Map<string, number> {
  const counts = new Map<string, number>(NOTICE_KINDS.map((kind) => [kind, 0]));
  for (const { kind } of notices) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Neighbours of one kind, each group under its name. */
export function grouped(notices: readonly Notice[]): { kind: string; items: Notice[] }[] {
  const groups: { kind: string; items: Notice[] }[] = [];
  for (const one of notices) {
    const last = groups.at(-1);
    if (last?.kind === one.kind) last.items.push(one);
    else groups.push({ kind: one.kind, items: [one] });
  }
  return groups;
}

/** Whether it may leave, as far as was known when it was read; the service looks again. */
export const mayLeave = (notice: Notice): boolean => notice.state === "proposed" && !notice.held;

/** One thing that a notice rests on, by its name: a field, a policy, `computed`, or the kind of its source. */
export interface Fact {
  name: string;
  value: string;
}

/** Money in figures; the service gives it bare. */
export const isPrice = (name: string): boolean => name === "unit_price" || name === "price";

/** In the order in which things happen and are compared; what is worked out from them comes last. */
const FACTS = ["ordered_at", "delivered_on", "expected_on", "status", "unit_price", "price", "quantity", "name", "predecessor_id"];

/** What a notice rests on, without what stands beside it anyway: the order, and the day it was found for. */
export function factsOf(evidence: readonly Evidence[]): Fact[] {
  const facts = evidence.flatMap((one): Fact[] => {
    switch (one.source) {
      case "order": return one.field === "order_id" ? [] : [{ name: one.field, value: one.value }];
      case "product": return [{ name: one.field, value: one.value }];
      case "policy": return [{ name: one.name, value: one.value }];
      case "computed": return one.how === "today" ? [] : [{ name: "computed", value: `${one.how} = ${one.value}` }];
      default: return [{ name: one.source, value: "value" in one ? one.value : one.text }];
    }
  });
  const rank = ({ name }: Fact): number => (name === "computed" ? FACTS.length + 1 : FACTS.includes(name) ? FACTS.indexOf(name) : FACTS.length);
  return facts.sort((a, b) => rank(a) - rank(b));
}
