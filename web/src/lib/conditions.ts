// Conditions of an audience: the tree that a person edits, the tree that the service reads, and the sentence that both
// mean. Pure. Editing never changes a tree but answers with another one.
import type { Dictionary } from "../i18n";
import type { Format, Lang } from "./format";
import { categoryText } from "./format";
import { textIn } from "./groups";
import type { AudienceField, AudienceFields, Condition, DidWhat, RecommendedWhat, Scalar } from "./types";

export type Mode = "all" | "any" | "none";
export interface GroupNode {
  id: number;
  kind: "group";
  mode: Mode;
  children: EditNode[];
}
export interface FieldNode {
  id: number;
  kind: "field";
  field: string;
  op: string;
  value: Scalar | Scalar[] | null;
}
export interface DidNode {
  id: number;
  kind: "did";
  did: string;
  what: DidWhat;
  within_days: number | null;
  at_least: number;
  at_most: number | null;
}
export interface AudienceNode {
  id: number;
  kind: "audience";
  audience: string | number | null;
  /** Only members at least so much alike, of a look-alike. */
  score_min: number | null;
}
export interface RecommendedNode {
  id: number;
  kind: "recommended";
  what: RecommendedWhat;
  within_first: number;
}
export interface TasteNode {
  id: number;
  kind: "taste";
  of: "brand" | "category";
  name: string;
  at_least: number;
}
export type Leaf = FieldNode | DidNode | AudienceNode | RecommendedNode | TasteNode;
export type EditNode = GroupNode | Leaf;

export const MAX_DEPTH = 8;
export const MAX_NODES = 100;

let n_made = 0;
const nextId = (): number => (n_made += 1);

export const newGroup = (mode: Mode = "any", children: EditNode[] = []): GroupNode => ({ id: nextId(), kind: "group", mode, children });
export const newDid = (did = "bought"): DidNode => ({ id: nextId(), kind: "did", did, what: {}, within_days: 90, at_least: 1, at_most: null });
export const newAudience = (audience: string | number | null = null, score_min: number | null = null): AudienceNode => ({ id: nextId(), kind: "audience", audience, score_min });
/** Places that the service keeps of everybody's list. */
export const PLACES_KEPT = 10;
export const newRecommended = (what: RecommendedWhat = {}, within_first = PLACES_KEPT): RecommendedNode => ({ id: nextId(), kind: "recommended", what: { ...what }, within_first });
/** Affinities that the service keeps, and the usual one to ask for. */
export const AFFINITY_MIN = 0.2;
export const AFFINITY_USUAL = 0.5;
export const newTaste = (of: TasteNode["of"] = "brand", name = "", at_least = AFFINITY_USUAL): TasteNode => ({ id: nextId(), kind: "taste", of, name, at_least });
export function newField(field: AudienceField | undefined): FieldNode {
  const op = field?.operators[0] ?? "=";
  return { id: nextId(), kind: "field", field: field?.name ?? "", op, value: emptyValue(op) };
}

export const takesNone = (op: string): boolean => op === "is missing" || op === "is there";
export const takesMany = (op: string): boolean => op === "in" || op === "not in";
export const emptyValue = (op: string): Scalar[] | null => (takesMany(op) ? [] : null);

/** The value that fits another operator, as much of the old one as can be kept. */
export function valueFor(op: string, value: Scalar | Scalar[] | null): Scalar | Scalar[] | null {
  if (takesNone(op)) return null;
  const values = value === null ? [] : Array.isArray(value) ? value : [value];
  if (takesMany(op)) return values;
  if (op === "between") return values.length >= 2 ? values.slice(0, 2) : values;
  return values[0] ?? null;
}

/** The service's tree as one to edit; its root is always a group. */
export function editable(condition: Condition | null): GroupNode {
  if (condition === null) return newGroup("all");
  const node = toNode(condition);
  return node.kind === "group" ? node : newGroup("all", [node]);
}

function toNode(condition: Condition): EditNode {
  if ("all" in condition) return newGroup("all", condition.all.map(toNode));
  if ("any" in condition) return newGroup("any", condition.any.map(toNode));
  if ("not" in condition) {
    const inner = toNode(condition.not);
    return inner.kind === "group" && inner.mode === "any" ? { ...inner, mode: "none" } : newGroup("none", [inner]);
  }
  if ("did" in condition) {
    const { did, what, within_days, at_least, at_most } = condition;
    return { id: nextId(), kind: "did", did, what: { ...what }, within_days: within_days ?? null, at_least: at_least ?? 1, at_most: at_most ?? null };
  }
  if ("audience" in condition) return newAudience(condition.audience, condition.score_min ?? null);
  if ("recommended" in condition) return newRecommended(condition.recommended, condition.within_first);
  if ("taste" in condition) {
    const { brand, category } = condition.taste;
    return newTaste(brand === undefined ? "category" : "brand", brand ?? category ?? "", condition.at_least ?? AFFINITY_USUAL);
  }
  return { id: nextId(), kind: "field", field: condition.field, op: condition.op, value: condition.value ?? null };
}

/** What was filled in. */
const said = <T extends object>(what: T): T => Object.fromEntries(Object.entries(what).filter(([, value]) => value !== undefined && value !== "")) as T;

/** Back to the service's tree. Groups in which nothing stands are left out. */
export function conditionOf(node: EditNode): Condition | null {
  switch (node.kind) {
    case "group": {
      const children = node.children.map(conditionOf).filter((one): one is Condition => one !== null);
      if (children.length === 0) return null;
      if (node.mode === "all") return { all: children };
      if (node.mode === "any") return { any: children };
      return { not: { any: children } };
    }
    case "field":
      return takesNone(node.op) ? { field: node.field, op: node.op } : { field: node.field, op: node.op, value: node.value };
    case "did": {
      const what = said(node.what);
      return {
        did: node.did,
        ...(Object.keys(what).length > 0 ? { what } : {}),
        within_days: node.within_days,
        at_least: node.at_least,
        at_most: node.at_most,
      };
    }
    case "audience":
      if (node.audience === null) return null;
      return node.score_min === null ? { audience: node.audience } : { audience: node.audience, score_min: node.score_min };
    case "recommended":
      return { recommended: said(node.what), within_first: node.within_first };
    case "taste":
      return node.name === "" ? null : { taste: node.of === "brand" ? { brand: node.name } : { category: node.name }, at_least: node.at_least };
  }
}

/** Whether a leaf says all that it needs to. */
export function isComplete(node: Leaf): boolean {
  if (node.kind === "audience") return node.audience !== null && node.audience !== "";
  if (node.kind === "recommended") return Object.keys(said(node.what)).length > 0 && node.within_first >= 1 && node.within_first <= PLACES_KEPT;
  if (node.kind === "taste") return node.name !== "" && node.at_least >= AFFINITY_MIN && node.at_least <= 1;
  if (node.kind === "did") {
    const { price_min_cents: low, price_max_cents: high } = node.what;
    return node.did !== "" && node.at_least >= 0 && (node.at_most === null || node.at_most >= node.at_least) && (node.within_days === null || node.within_days > 0) && (low === undefined || high === undefined || low <= high);
  }
  if (node.field === "" || node.op === "") return false;
  if (takesNone(node.op)) return true;
  const given = (one: Scalar | null | undefined): boolean => one !== null && one !== undefined && one !== "";
  if (takesMany(node.op)) return Array.isArray(node.value) && node.value.length > 0 && node.value.every(given);
  if (node.op === "between") return Array.isArray(node.value) && node.value.length === 2 && node.value.every(given) && node.value[0]! <= node.value[1]!;
  return !Array.isArray(node.value) && given(node.value);
}

export function leavesOf(node: EditNode): Leaf[] {
  return node.kind === "group" ? node.children.flatMap(leavesOf) : [node];
}

export const countNodes = (node: EditNode): number => (node.kind === "group" ? 1 + node.children.reduce((sum, child) => sum + countNodes(child), 0) : 1);
export const depthOf = (node: EditNode): number => (node.kind === "group" ? 1 + Math.max(0, ...node.children.map(depthOf)) : 1);

/** The tree with one node replaced, or taken out if `change` answers `null`. The root stays. */
export function edit(root: GroupNode, id: number, change: (node: EditNode) => EditNode | null): GroupNode {
  if (root.id === id) {
    const changed = change(root);
    return changed !== null && changed.kind === "group" ? changed : root;
  }
  return {
    ...root,
    children: root.children.flatMap((child): EditNode[] => {
      if (child.id === id) {
        const changed = change(child);
        return changed === null ? [] : [changed];
      }
      return [child.kind === "group" ? edit(child, id, change) : child];
    }),
  };
}

export const addTo = (root: GroupNode, group: number, node: EditNode): GroupNode =>
  edit(root, group, (one) => (one.kind === "group" ? { ...one, children: [...one.children, node] } : one));
export const remove = (root: GroupNode, id: number): GroupNode => edit(root, id, () => null);

/** A condition from an address or a file, if it is one; nothing else is believed. */
export function readCondition(value: unknown, depth = 1): Condition | null {
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return null;
  const one = value as Record<string, unknown>;
  const list = (items: unknown): Condition[] | null => {
    if (!Array.isArray(items) || items.length > MAX_NODES) return null;
    const read = items.map((item) => readCondition(item, depth + 1));
    return read.every((item) => item !== null) ? (read as Condition[]) : null;
  };
  if ("all" in one || "any" in one) {
    const children = list(one.all ?? one.any);
    if (children === null) return null;
    return "all" in one ? { all: children } : { any: children };
  }
  if ("not" in one) {
    const inner = readCondition(one.not, depth + 1);
    return inner === null ? null : { not: inner };
  }
  if (typeof one.field === "string" && typeof one.op === "string") return value as Condition;
  if (typeof one.did === "string") return value as Condition;
  if (typeof one.recommended === "object" && one.recommended !== null) return value as Condition;
  if (typeof one.taste === "object" && one.taste !== null) return value as Condition;
  if (typeof one.audience === "string" || typeof one.audience === "number") return value as Condition;
  return null;
}

/** What a sentence needs to know. */
export interface Speech {
  t: Dictionary;
  lang: Lang;
  format: Format;
  fields: AudienceFields | undefined;
}

export const operatorWord = (t: Dictionary, op: string): string =>
  Object.hasOwn(t.audiences.operators, op) ? t.audiences.operators[op as keyof typeof t.audiences.operators] : op;

function valueText(speech: Speech, field: AudienceField | undefined, value: Scalar): string {
  const { format, lang } = speech;
  const choice = field?.choices?.find((one) => String(one.value) === String(value));
  if (choice !== undefined) return textIn(choice.label, lang);
  if (typeof value === "boolean") return value ? speech.t.common.yes : speech.t.common.no;
  if (field?.kind === "flag") return value === "true" ? speech.t.common.yes : speech.t.common.no;
  if (field?.kind === "money" && typeof value === "number") return format.money(value);
  if (field?.kind === "day") return format.day(String(value));
  if (typeof value === "number") {
    const number = format.number(value, Number.isInteger(value) ? 0 : 2);
    return field?.kind === "days" ? speech.t.audiences.days(number) : number;
  }
  return value;
}

/** A condition as a sentence a person would say. */
export function sentence(condition: Condition, speech: Speech, inner = false): string {
  const { t, lang, fields } = speech;
  const words = t.audiences.say;
  if ("all" in condition || "any" in condition) {
    const all = "all" in condition;
    const parts = (all ? condition.all : condition.any).map((one) => sentence(one, speech, true));
    if (parts.length === 1) return parts[0]!;
    const text = parts.join(all ? words.and : words.or);
    return inner && parts.length > 1 ? words.bracket(text) : text;
  }
  if ("not" in condition) return words.not(sentence(condition.not, speech, true));
  if ("audience" in condition) {
    const name = fields?.audiences.find((one) => String(one.id) === String(condition.audience))?.name ?? String(condition.audience);
    const least = condition.score_min ?? null;
    return least === null ? words.audience(name) : words.audienceAlike(name, speech.format.number(least, 2));
  }
  if ("recommended" in condition) {
    const { brand, category, product } = condition.recommended;
    const target = [brand, category === undefined ? undefined : categoryText(category), product === undefined ? undefined : words.product(product)];
    return words.recommended(target.filter((part): part is string => part !== undefined && part !== "").join(words.targetJoin) || "…", speech.format.number(condition.within_first ?? PLACES_KEPT));
  }
  if ("taste" in condition) {
    const { brand, category } = condition.taste;
    return words.taste(brand ?? (category === undefined ? "…" : categoryText(category)), speech.format.number(condition.at_least ?? AFFINITY_USUAL, 2));
  }
  if ("did" in condition) {
    const what = condition.what ?? {};
    const { format } = speech;
    const target = [
      what.brand,
      what.category === undefined ? undefined : categoryText(what.category),
      what.product === undefined ? undefined : words.product(what.product),
      what.price_min_cents !== undefined && what.price_max_cents !== undefined
        ? words.priceBetween(format.money(what.price_min_cents), format.money(what.price_max_cents))
        : what.price_min_cents !== undefined
          ? words.priceFrom(format.money(what.price_min_cents))
          : what.price_max_cents !== undefined
            ? words.priceTo(format.money(what.price_max_cents))
            : undefined,
    ].filter((part): part is string => part !== undefined && part !== "");
    const behaviour = fields?.behaviours.find((one) => one.kind === condition.did);
    const did = behaviour === undefined ? condition.did : textIn(behaviour.label, lang);
    const least = condition.at_least ?? 1;
    const most = condition.at_most ?? null;
    const times = most !== null ? (most === 0 ? words.never : words.timesBetween(format.number(least), format.number(most))) : least > 1 ? words.timesLeast(format.number(least)) : "";
    const within = condition.within_days ?? null;
    return words.did(did, target.join(words.targetJoin), within === null ? "" : words.within(format.number(within)), times);
  }
  const field = fields?.fields.find((one) => one.name === condition.field);
  const label = field === undefined ? condition.field : textIn(field.label, lang);
  const op = operatorWord(t, condition.op);
  if (takesNone(condition.op)) return words.field(label, op, "");
  const values = (Array.isArray(condition.value) ? condition.value : [condition.value]).filter((one): one is Scalar => one !== null && one !== undefined);
  const texts = values.map((one) => valueText(speech, field, one));
  if (condition.op === "between") return words.field(label, "", words.between(texts[0] ?? "…", texts[1] ?? "…"));
  return words.field(label, op, texts.length === 0 ? "…" : texts.join(words.valueOr));
}
