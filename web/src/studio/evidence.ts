// What a claim rests on, in the words of the console.
import { wordFor, type Dictionary } from "../i18n";
import type { Evidence } from "../lib/content";
import type { Format } from "../lib/format";

export interface EvidenceWords {
  /** What kind of ground it is. */
  kind: string;
  /** The ground itself. */
  said: string;
  /** Where it stands, for whoever wants to look it up. */
  place: string;
}

/** `specs.memory` → `Memory`; a specification that is not known keeps its own name. */
export function fieldName(t: Dictionary, field: string): string {
  const spec = /^specs\.(.+)$/.exec(field)?.[1];
  return spec === undefined ? wordFor(t.studio.fields, field) : wordFor(t.studio.attributes, spec);
}

/** A point of a plan: an attribute, `opinion:` and an aspect, `feature:` and a group, or `fit`. */
export function pointName(t: Dictionary, key: string): string {
  const [kind, rest] = key.split(":");
  if (rest === undefined) return key === "fit" ? t.studio.fit : wordFor(t.studio.attributes, key);
  const word = wordFor(t.studio.attributes, rest);
  return kind === "opinion" ? t.studio.praised(word) : word;
}

/** A sum in the smallest unit as money; everything else as it stands. */
const worth = (format: Format, field: string, value: string): string => (/_cents$/.test(field) && /^\d+$/.test(value) ? format.money(Number(value)) : value);

export function evidenceWords(t: Dictionary, format: Format, one: Evidence): EvidenceWords {
  const s = t.studio;
  const number = (n: number): string => format.number(n);
  switch (one.source) {
    case "field":
      return { kind: s.sources.field, said: `${fieldName(t, one.field)}: ${worth(format, one.field, one.value)}`, place: one.product_id };
    case "neighbours":
      return { kind: s.sources.neighbours, said: s.neighbours(number(one.n), number(one.n_worse), number(one.n_equal), number(one.n_better), one.value), place: s.between(format.money(one.price_low_cents), format.money(one.price_high_cents)) };
    case "predecessor":
      return { kind: s.sources.predecessor, said: `${fieldName(t, one.field)}: ${one.other_value} → ${one.value}`, place: one.other_name };
    case "opinions":
      return { kind: s.sources.opinions, said: s.praise(number(one.n_praise), number(one.n_reviews), wordFor(s.attributes, one.aspect)), place: one.product_id };
    case "offer":
      return { kind: s.sources.offer, said: `${wordFor(s.offerParts, one.part)}: ${worth(format, one.part, one.value)}`, place: s.fromBrief };
    case "computed":
      return { kind: s.sources.computed, said: one.value, place: one.how };
    case "use":
      return { kind: s.sources.use, said: `${fieldName(t, one.field)}: ${one.value}`, place: s.useFrom(wordFor(s.attributes, one.attribute), one.threshold) };
    case "brief":
      return { kind: s.sources.brief, said: `${wordFor(s.briefParts, one.part)}: ${one.value}`, place: s.fromBrief };
  }
}
