// What stands beside a reply's text: products, a comparison, an order, a form. Each is an element; what a customer chooses in it
// is said for them through `say`.
import { h, icon } from "./dom";
import { money, productUrl, safeUrl } from "./reply";
import type { Texts } from "./texts";
import type { Block, FormView, Lang, OrderCard, ProductCard } from "./types";

export interface Around {
  t: Texts;
  lang: Lang;
  currency: string | null;
  /** Origin of the service, for pictures that it serves itself. */
  base: string;
  /** The shop's pattern for addresses of products. */
  product_url: string | null;
  /** Says something as the customer. */
  say: (text: string) => void;
}

export function blockOf(block: Block, around: Around): HTMLElement | null {
  switch (block.kind) {
    case "products": return products(block.products, around);
    case "comparison": return comparison(block, around);
    case "order": return order(block, around);
    case "form": return form(block, around);
    // A kind that this widget does not know yet: its text has been shown.
    default: return null;
  }
}

function picture(card: ProductCard, base: string): HTMLElement {
  const url = safeUrl(card.image_url, base);
  const letters = /^\p{Script=Han}/u.test(card.name) ? [...card.name].slice(0, 1).join("") : card.name.replace(/[^\p{L}\p{N} ]/gu, "").slice(0, 2).trim();
  const frame = h("span", { class: "thumb", "aria-hidden": "true" }, letters || "·");
  if (url !== null) {
    const image = h("img", { src: url, alt: "", loading: "lazy", referrerpolicy: "no-referrer", error: () => image.remove() });
    frame.appendChild(image);
  }
  return frame;
}

function stock(card: ProductCard, t: Texts): HTMLElement | null {
  if (card.in_stock === null || card.in_stock === undefined) return null;
  return h("span", { class: card.in_stock ? "stock good" : "stock bad" }, card.in_stock ? t.inStock : t.noStock);
}

function products(cards: readonly ProductCard[], around: Around): HTMLElement {
  const { t, lang, currency, base, product_url, say } = around;
  return h("ol", { class: "products", "aria-label": t.products }, ...cards.map((card, at) => {
    const page = productUrl(product_url, card.product_id, location.href);
    const price = card.price_cents === null ? null : h("b", { class: "price" }, money(card.price_cents, currency, lang));
    return h("li", { class: "product" }, picture(card, base),
      h("div", { class: "words" },
        h("span", { class: "name" }, `${at + 1}. ${card.name}`),
        h("span", { class: "facts" }, price, stock(card, t)),
        card.why ? h("span", { class: "why" }, card.why) : null,
        h("span", { class: "acts" },
          h("button", { type: "button", class: "small acts-now", "aria-label": `${t.choose}: ${card.name}`, click: () => say(card.name) }, t.choose),
          page === null ? null : h("a", { class: "small", href: page, "aria-label": `${t.view}: ${card.name}` }, t.view))));
  }));
}

function comparison(block: Extract<Block, { kind: "comparison" }>, { t, lang, currency }: Around): HTMLElement {
  const head = h("tr", null, h("th", { scope: "col" }, t.attribute), ...block.products.map((card) =>
    h("th", { scope: "col" }, h("span", { class: "clamp", title: card.name }, card.name), card.price_cents === null ? null : h("b", { class: "price" }, money(card.price_cents, currency, lang)))));
  const rows = block.rows.map((row) => h("tr", null, h("th", { scope: "row" }, row.label), ...block.products.map((_, at) => {
    const value = row.values[at];
    if (value === null || value === undefined) return h("td", { class: "none" }, t.unknown);
    const is_better = row.better === at;
    return h("td", { class: is_better ? "better" : null }, value, is_better ? h("span", { class: "mark" }, icon("check", 12), t.better) : null);
  })));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t.comparison }, h("table", null, h("thead", null, head), h("tbody", null, ...rows)));
}

const dayText = (lang: Lang, at: number | string): string => {
  // A day of the calendar has no time zone, and must not shift.
  const is_day = typeof at === "string" && /^\d{4}-\d{2}-\d{2}$/.test(at);
  const date = new Date(is_day ? `${at}T00:00:00Z` : at);
  if (Number.isNaN(date.getTime())) return String(at);
  return new Intl.DateTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", { year: "numeric", month: "short", day: "numeric", ...(is_day ? { timeZone: "UTC" } : {}) }).format(date);
};

function fact(label: string, value: string | null): HTMLElement | null {
  return value === null ? null : h("div", { class: "fact" }, h("dt", null, label), h("dd", null, value));
}

function order(card: OrderCard, { t, lang, currency }: Around): HTMLElement {
  const lines = card.lines.map((line) => h("li", null, h("span", { class: "name" }, line.name || line.product_id), h("span", { class: "n" }, t.pieces(line.quantity)), h("span", { class: "n" }, money(line.unit_price_cents, currency, lang))));
  return h("section", { class: "card", "aria-label": t.order(card.order_id) },
    h("header", null, h("b", null, t.order(card.order_id)), card.status ? h("span", { class: "stock good" }, card.status) : null),
    h("ul", { class: "lines" }, ...lines),
    h("dl", null,
      fact(t.orderedOn, dayText(lang, card.ordered_at)),
      fact(t.total, money(card.total_cents, currency, lang)),
      fact(t.carrier, card.carrier),
      fact(t.tracking, card.tracking_number),
      fact(t.expected, card.expected_on === null || card.expected_on === undefined ? null : dayText(lang, card.expected_on)),
      fact(t.delivered, card.delivered_on === null || card.delivered_on === undefined ? null : dayText(lang, card.delivered_on))));
}

function form(view: FormView, { t, say }: Around): HTMLElement {
  const asked = view.fields.find((field) => field.is_asked);
  const rows = view.fields.map((field) => h("div", { class: field.is_asked ? "fact asked" : "fact" }, h("dt", null, field.label),
    field.value === null || field.value === undefined ? h("dd", { class: "none" }, field.is_asked ? t.asked : t.empty) : h("dd", null, field.value)));
  const choices = (asked?.options ?? []).map((option) => h("button", { type: "button", class: "chip acts-now", click: () => say(option) }, option));
  return h("section", { class: "card form", "aria-label": `${t.form}: ${view.title}` },
    h("header", null, h("b", null, view.title)),
    h("dl", null, ...rows),
    choices.length === 0 ? null : h("div", { class: "choices", role: "group", "aria-label": asked?.label ?? view.title }, ...choices),
    h("div", { class: "choices end" },
      view.to_confirm ? h("button", { type: "button", class: "primary acts-now", click: () => say(t.sayConfirm) }, t.confirm) : null,
      h("button", { type: "button", class: "plain acts-now", click: () => say(t.sayCancel) }, t.cancel)));
}
