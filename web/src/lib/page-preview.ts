// A page or mail of the writer as it may be shown inside the console: known elements and attributes only, no address that a
// browser would fetch or follow, and marks around claims and findings. The frame it is shown in runs no scripts and the page's
// security policy refuses whatever this lets through; this keeps the picture whole, it is not the guard. Pure.
import type { Run } from "./marks";

const ELEMENTS = new Set(
  "a abbr article aside b blockquote body br caption center code col colgroup dd div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img li main ol p pre s section small span strong sub sup table tbody td tfoot th thead tr u ul".split(" "),
);
/** What is dropped with everything in it. */
const WHOLE = new Set("script style title textarea noscript iframe object template svg math select xmp noembed noframes".split(" "));
const ATTRIBUTES = new Set("align valign width height cellpadding cellspacing border colspan rowspan role lang dir".split(" "));

const TAG = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:"[^"]*"|'[^']*'|[^'">])*)>/y;
const ATTRIBUTE = /([a-zA-Z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

const quoted = (value: string): string => value.replace(/"/g, "&quot;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** The attributes that stay; styles wait in `data-style`, as the policy lets only a script set them. */
function attributes(text: string): string {
  let made = "";
  for (const [, name = "", a, b, c] of text.matchAll(ATTRIBUTE)) {
    const [key, value] = [name.toLowerCase(), a ?? b ?? c ?? ""];
    // An address in a style would be fetched.
    if (key === "style" && !/url\s*\(|expression|@import/i.test(value)) made += ` data-style="${quoted(value)}"`;
    else if (ATTRIBUTES.has(key)) made += ` ${key}="${quoted(value)}"`;
  }
  return made;
}

const altOf = (text: string): string => /\salt\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(text)?.slice(1).find((one) => one !== undefined) ?? "";

function tag(isEnd: boolean, name: string, rest: string): string {
  const element = name === "body" ? "div" : name;
  if (isEnd) return name === "img" || name === "br" || name === "hr" ? "" : `</${element}>`;
  // Pictures are the shop's or of elsewhere: a place is kept for them.
  if (name === "img") return `<span class="picture">${quoted(altOf(rest))}</span>`;
  return `<${element}${name === "a" ? ' class="link"' : ""}${attributes(rest)}>`;
}

/** Text between tags, marked; `runs` cover the whole source in order. */
function words(source: string, from: number, to: number, runs: readonly Run[]): string {
  let made = "";
  for (const [key, run] of runs.entries()) {
    if (run.end <= from || run.start >= to) continue;
    const text = source.slice(Math.max(from, run.start), Math.min(to, run.end)).replace(/</g, "&lt;").replace(/>/g, "&gt;");
    const isMarked = run.claims.length > 0 || run.findings.length > 0;
    const kind = [run.claims.length > 0 && "claim", run.risk].filter(Boolean).join(" ");
    made += isMarked && text.trim() !== "" ? `<mark class="${kind}" data-run="${key}"${run.leads ? ' tabindex="0" role="button"' : ""}>${text}</mark>` : text;
  }
  return made;
}

/** What is to be shown of `source`. Without runs nothing is marked. */
export function pagePreview(source: string, runs: readonly Run[] = []): string {
  const all = runs.length > 0 ? runs : [{ text: source, start: 0, end: source.length, claims: [], findings: [], risk: null, leads: false }];
  let [made, at, from] = ["", 0, 0];
  const flush = (to: number): void => void (made += words(source, from, to, all));
  const skip = (to: number): void => void ([at, from] = [to, to]);
  while (at < source.length) {
    const open = source.indexOf("<", at);
    if (open < 0) break;
    TAG.lastIndex = open;
    const found = TAG.exec(source);
    if (source.startsWith("<!--", open) || source.startsWith("<!", open) || source.startsWith("<?", open)) {
      const ending = source.startsWith("<!--", open) ? "-->" : ">";
      const end = source.indexOf(ending, open);
      flush(open);
      skip(end < 0 ? source.length : end + ending.length);
    } else if (found === null) at = open + 1;
    else {
      const [whole, slash, called = "", rest = ""] = found;
      const name = called.toLowerCase();
      flush(open);
      skip(open + whole.length);
      if (WHOLE.has(name) && slash === "") {
        const end = source.toLowerCase().indexOf(`</${name}`, at);
        const close = end < 0 ? -1 : source.indexOf(">", end);
        skip(close < 0 ? source.length : close + 1);
      } else if (ELEMENTS.has(name)) made += tag(slash === "/", name, rest);
    }
  }
  flush(source.length);
  return made;
}
