// The widget on the page: a button, and a panel with the conversation. It shows what `Chat` knows and tells it what was done;
// nodes of messages are made once, so that a screen reader hears each of them once.
import { blockOf, type Around } from "./blocks";
import type { Chat, View } from "./chat";
import { h, icon, put } from "./dom";
import type { Waiting } from "./outbox";
import { lengthOf, saidBeside, segmentsOf, sourceOf } from "./reply";
import { css } from "./styles";
import { texts, type Texts } from "./texts";
import type { ChatMessage, Evidence, Lang } from "./types";

const LONGEST = 4_000;
const PHONE = "(max-width: 639px)";

export interface Looks {
  lang: Lang;
  base: string;
  product_url: string | null;
}

export class Widget {
  readonly #t: Texts;
  readonly #root: ShadowRoot;
  readonly #launcher: HTMLButtonElement;
  readonly #badge = h("span", { class: "badge", hidden: true, "aria-hidden": "true" });
  readonly #panel: HTMLElement;
  readonly #name = h("h2", { id: "who" });
  readonly #status = h("p", { role: "status" });
  readonly #banner = h("div", { class: "banner", role: "status", hidden: true });
  readonly #menu = h("div", { class: "menu", id: "menu", hidden: true });
  readonly #more: HTMLButtonElement;
  readonly #log: HTMLElement;
  readonly #dots: HTMLElement;
  readonly #tail = h("div", { hidden: true });
  readonly #newer: HTMLButtonElement;
  readonly #chips = h("div", { class: "chips", role: "group" });
  readonly #input: HTMLTextAreaElement;
  readonly #send: HTMLButtonElement;
  readonly #problem = h("p", { class: "problem", role: "alert", hidden: true });
  readonly #nodes = new Map<string, HTMLElement>();
  #is_open = false;
  #wants_rating = false;
  #read_seq = 0;
  #drawn = "";
  #tail_of = "";
  #scheduled = false;
  #chat: Chat | null = null;
  /** The page remembers whether the panel is open. */
  onopen: (is_open: boolean) => void = () => {};

  constructor(
    host: HTMLElement,
    private readonly looks: Looks,
  ) {
    const t = (this.#t = texts[looks.lang]);
    host.lang = looks.lang === "zh" ? "zh-CN" : "en";
    this.#root = host.attachShadow({ mode: "open" });
    // Sheets made by script need no leave from a page's security policy, as elements of style would.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.#root.adoptedStyleSheets = [sheet];

    this.#launcher = h("button", { type: "button", class: "launcher", "aria-label": t.open, "aria-haspopup": "dialog", "aria-expanded": "false", click: () => this.open() }, icon("chat", 26), this.#badge);
    this.#more = h("button", { type: "button", class: "round", "aria-label": t.menu, "aria-expanded": "false", "aria-controls": "menu", click: () => this.#toggleMenu() }, icon("more"));
    this.#dots = h("div", { class: "dots", role: "img", "aria-label": t.typing, hidden: true }, h("i", null), h("i", null), h("i", null));
    this.#log = h("div", { class: "log", role: "log", "aria-label": t.log, "aria-live": "polite", tabindex: 0, scroll: () => this.#scrolled() },
      h("p", { class: "notice" }, `${t.notice} ${t.noticePerson}`), this.#dots, this.#tail);
    this.#newer = h("button", { type: "button", class: "newer", hidden: true, click: () => this.#toEnd() }, `${t.newer} ↓`);
    this.#input = h("textarea", { rows: 1, "aria-label": t.compose, placeholder: t.placeholder, enterkeyhint: "send", autocomplete: "off", input: () => this.#typed(), keydown: (event: KeyboardEvent) => this.#keyed(event) });
    this.#send = h("button", { type: "button", class: "send", "aria-label": t.send, disabled: true, click: () => this.#submit() }, icon("send"));
    this.#chips.setAttribute("aria-label", t.suggestions);
    this.#panel = h("section", { class: "panel", role: "dialog", "aria-label": t.dialog, tabindex: -1, hidden: true, keydown: (event: KeyboardEvent) => this.#panelKeyed(event), pointerdown: (event: PointerEvent) => this.#leaveMenu(event) },
      h("header", { class: "head" }, h("span", { class: "avatar" }, icon("chat")), h("div", { class: "who" }, this.#name, this.#status), this.#more,
        h("button", { type: "button", class: "round", "aria-label": t.close, click: () => this.close() }, icon("down"))),
      this.#menu, this.#banner, this.#log,
      h("div", { class: "foot" }, this.#newer, this.#chips, h("div", { class: "write" }, this.#input, this.#send), this.#problem));
    put(this.#root, [this.#launcher, this.#panel]);
    // On a phone the keyboard covers the page without making it smaller.
    visualViewport?.addEventListener("resize", () => this.#fit());
  }

  attach(chat: Chat): void {
    this.#chat = chat;
    this.refresh();
  }

  get is_open(): boolean {
    return this.#is_open;
  }

  open(): void {
    if (this.#is_open) return;
    this.#is_open = true;
    this.#panel.hidden = false;
    this.#launcher.hidden = true;
    this.#launcher.setAttribute("aria-expanded", "true");
    const is_phone = matchMedia(PHONE).matches;
    this.#panel.setAttribute("aria-modal", String(is_phone));
    // A phone's keyboard would cover half of what there is to read.
    (is_phone ? this.#panel : this.#input).focus({ preventScroll: true });
    this.#fit();
    this.onopen(true);
    void this.#chat?.start();
    this.#draw();
    this.#toEnd();
  }

  close(): void {
    if (!this.#is_open) return;
    this.#is_open = false;
    this.#panel.hidden = true;
    this.#launcher.hidden = false;
    this.#launcher.setAttribute("aria-expanded", "false");
    this.#launcher.focus({ preventScroll: true });
    this.onopen(false);
    if (this.#chat?.view.state === "bot" || this.#chat?.view.state === "closed") this.#chat.deafen();
  }

  /** Draws soon: what changes together is drawn together. */
  refresh(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  say(text: string): void {
    const trimmed = text.trim();
    if (trimmed === "" || this.#chat === null) return;
    const problem = this.#chat.send(trimmed) ? "" : this.#t.tooMany;
    this.#tell(problem);
    this.#draw();
    this.#toEnd();
  }

  // Drawing.

  #draw(): void {
    const view = this.#chat?.view;
    if (view === undefined) return;
    this.#drawHead(view);
    const was_at_end = this.#atEnd();
    const added = this.#drawMessages(view);
    this.#dots.hidden = !(view.is_typing || view.is_opening);
    this.#drawTail(view);
    this.#drawChips(view);
    this.#settle(view, was_at_end, added);
    const n_unread = this.#is_open ? 0 : view.messages.filter((one) => one.from !== "customer" && one.seq > this.#read_seq).length;
    if (this.#is_open) this.#read_seq = this.#chat?.last_seq ?? 0;
    this.#badge.hidden = n_unread === 0;
    this.#badge.textContent = n_unread > 9 ? "9+" : String(n_unread);
    this.#launcher.setAttribute("aria-label", n_unread === 0 ? this.#t.open : this.#t.openUnread(n_unread));
  }

  #drawHead(view: View): void {
    const t = this.#t;
    const name = view.state === "person" ? (view.person ?? t.aPerson) : (view.assistant ?? t.open);
    if (this.#name.textContent !== name) this.#name.textContent = name;
    const status = view.is_opening ? t.opening : t.status[view.state];
    if (this.#status.textContent !== status) this.#status.textContent = status;
    const banner = view.is_offline ? t.offline : this.#bannerOf(view);
    if (this.#banner.textContent !== banner) this.#banner.textContent = banner;
    this.#banner.hidden = banner === "";
    this.#banner.classList.toggle("warn", view.is_offline || (view.state === "waiting" && !view.desk_open));
  }

  #bannerOf(view: View): string {
    const t = this.#t;
    if (view.state === "person") return t.personHere(view.person ?? t.aPerson);
    if (view.state !== "waiting") return "";
    if (!deskOpen(view)) return t.deskClosed;
    return view.queue_position === null || view.queue_position === undefined ? t.queueUnknown : t.queue(Math.max(0, view.queue_position - 1));
  }

  /** Brings the nodes into the order of the messages; which of the newest are from others. */
  #drawMessages(view: View): HTMLElement[] {
    const wanted: [string, () => HTMLElement][] = [
      ...view.earlier.map((one, at): [string, () => HTMLElement] => [`e${at}-${one.seq}`, () => this.#message(one, view, true)]),
      ...view.messages.map((one): [string, () => HTMLElement] => [`m${one.seq}-${one.from}`, () => this.#message(one, view, one.seq === view.messages[0]?.seq)]),
      ...view.waiting.map((one): [string, () => HTMLElement] => [`w${one.message_key}${one.refused ?? ""}`, () => this.#pending(one)]),
    ];
    const drawn = wanted.map(([key]) => key).join(" ");
    const added: HTMLElement[] = [];
    if (drawn !== this.#drawn) {
      const is_first = this.#drawn === "";
      this.#drawn = drawn;
      // What was said long ago is not read out again.
      this.#log.setAttribute("aria-live", is_first && wanted.length > 2 ? "off" : "polite");
      const keys = new Set(wanted.map(([key]) => key));
      for (const [key, node] of this.#nodes) {
        if (keys.has(key)) continue;
        node.remove();
        this.#nodes.delete(key);
      }
      let before: Element = this.#log.firstElementChild!;
      for (const [key, make] of wanted) {
        let node = this.#nodes.get(key);
        if (node === undefined) {
          node = make();
          this.#nodes.set(key, node);
          if (!node.classList.contains("customer")) added.push(node);
        }
        if (before.nextElementSibling !== node) before.after(node);
        before = node;
      }
    }
    const last = view.messages.at(-1);
    const is_current = last?.from === "bot" && (view.state === "bot" || view.state === "waiting") && view.waiting.every((one) => one.refused !== undefined);
    for (const [key, node] of this.#nodes) {
      const is_live = is_current && key === `m${last.seq}-bot`;
      for (const button of node.querySelectorAll<HTMLButtonElement>(".acts-now")) button.disabled = !is_live;
    }
    return added;
  }

  #message(message: ChatMessage, view: View, is_plain: boolean): HTMLElement {
    const t = this.#t;
    const { from, text } = message;
    if (from === "customer") return h("article", { class: "msg customer" }, h("span", { class: "sr" }, `${t.you}: `), h("div", { class: "bubble" }, text));
    if (from === "system") return h("article", { class: "msg system" }, h("span", { class: "sr" }, `${t.system}: `), h("div", { class: "bubble" }, text));
    const name = message.name ?? (from === "bot" ? view.assistant : null) ?? (from === "bot" ? t.status.bot : t.aPerson);
    const at = new Intl.DateTimeFormat(this.looks.lang === "zh" ? "zh-CN" : "en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const head = h("div", { class: "from" }, h("b", null, name), from === "person" ? h("span", { class: "human" }, t.status.person) : null, Number.isFinite(message.at) ? h("time", null, at.format(message.at)) : null);
    const around: Around = { t, lang: this.looks.lang, currency: view.currency, base: this.looks.base, product_url: this.looks.product_url, say: (said) => this.say(said) };
    const blocks = (message.reply?.blocks ?? []).map((block) => blockOf(block, around)).filter((block) => block !== null);
    const sources = h("div", { hidden: true, class: "source" });
    const body = h("div", { class: "bubble" }, ...this.#textOf(saidBeside(text, message.reply?.brief, blocks.length), message.reply?.evidence ?? [], sources));
    return h("article", { class: `msg ${from}${blocks.length > 0 ? " rich" : ""}` }, head, body, sources, ...blocks,
      message.reply?.author === "curated" ? h("span", { class: "meta" }, t.curated) : null,
      from === "bot" && !is_plain ? this.#thumbs(message) : null);
  }

  /** The text with its citations: numbers that open what they stand for. */
  #textOf(text: string, evidence: readonly Evidence[], box: HTMLElement): (Node | string)[] {
    const t = this.#t;
    const cites: HTMLButtonElement[] = [];
    const hide = (): void => {
      box.hidden = true;
      for (const one of cites) one.setAttribute("aria-expanded", "false");
    };
    return segmentsOf(text, evidence.length).map((segment) => {
      if (segment.kind === "text") return segment.text;
      const { n } = segment;
      const cite = h("button", { type: "button", class: "cite", "aria-label": t.source(n), "aria-expanded": "false", click: () => {
        const was_open = cite.getAttribute("aria-expanded") === "true";
        hide();
        if (was_open) return;
        const { kind, title, quote } = sourceOf(evidence[n - 1]!);
        box.replaceChildren(h("header", null, h("span", null, `${t.sourceHead(n)} · ${t.sources[kind] ?? kind}`),
          h("button", { type: "button", class: "round", "aria-label": t.sourceClose, click: () => { hide(); cite.focus(); } }, icon("close", 14))),
          h("b", null, title), h("blockquote", null, quote));
        box.hidden = false;
        cite.setAttribute("aria-expanded", "true");
        box.scrollIntoView({ block: "nearest" });
      } }, String(n));
      cites.push(cite);
      // A word joiner: a number does not begin a line.
      return ["\u2060", cite];
    }).flat();
  }

  #thumbs(message: ChatMessage): HTMLElement {
    const t = this.#t;
    const said = h("span", { role: "status" });
    const button = (feedback: "up" | "down"): HTMLButtonElement =>
      h("button", { type: "button", class: feedback === "down" ? "no" : null, "aria-label": t[feedback], title: t[feedback], "aria-pressed": String(message.feedback === feedback), click: () => void vote(feedback) }, icon("up", 16));
    const both = { up: button("up"), down: button("down") };
    const vote = async (feedback: "up" | "down"): Promise<void> => {
      try {
        await this.#chat?.feedback(message.seq, feedback);
        both.up.setAttribute("aria-pressed", String(feedback === "up"));
        both.down.setAttribute("aria-pressed", String(feedback === "down"));
        said.textContent = t.thanks;
      } catch {
        said.textContent = t.failed;
      }
    };
    return h("div", { class: "thumbs" }, both.up, both.down, said);
  }

  #pending(item: Waiting): HTMLElement {
    const t = this.#t;
    const { message_key, refused } = item;
    const meta = refused === undefined
      ? h("span", { class: "meta" }, navigator.onLine ? t.sending : t.pending)
      : h("span", { class: "meta", role: "alert" }, t.refused(refused),
        h("button", { type: "button", click: () => this.#chat?.again(message_key) }, t.again),
        h("button", { type: "button", click: () => this.#chat?.drop(message_key) }, t.drop));
    return h("article", { class: `msg customer ${refused === undefined ? "pending" : "refused"}` }, h("span", { class: "sr" }, `${t.you}: `), h("div", { class: "bubble" }, item.text), meta);
  }

  /** What stands below the messages: why nothing goes, the end, the rating. */
  #drawTail(view: View): void {
    const t = this.#t;
    const is_closed = view.state === "closed";
    const what = view.trouble !== null ? `trouble ${view.trouble}` : is_closed || this.#wants_rating ? `${is_closed} ${view.is_rated}` : "";
    if (what === this.#tail_of) return;
    this.#tail_of = what;
    this.#tail.hidden = what === "";
    this.#tail.replaceChildren();
    if (view.trouble !== null) {
      this.#tail.append(h("div", { class: "trouble", role: "alert" }, view.trouble));
      return;
    }
    if (what === "") return;
    if (is_closed) this.#tail.append(h("p", { class: "notice" }, t.ended));
    this.#tail.append(view.is_rated ? h("p", { class: "notice", role: "status" }, t.rated) : this.#rating());
    if (is_closed) this.#tail.append(h("div", { class: "centre again" }, h("button", { type: "button", class: "chip", click: () => this.#anew() }, t.anew)));
  }

  #rating(): HTMLElement {
    const t = this.#t;
    let stars = 0;
    const labels = [1, 2, 3, 4, 5].map((n) => h("label", { title: t.star(n) },
      h("input", { type: "radio", name: "stars", value: n, "aria-label": t.star(n), change: () => {
        stars = n;
        labels.forEach((one, at) => one.classList.toggle("on", at < n));
        button.disabled = false;
      } }), icon("star", 26)));
    const comment = h("textarea", { "aria-label": t.comment, placeholder: t.comment, maxlength: 1000 });
    const problem = h("p", { class: "problem", role: "alert" });
    const button = h("button", { type: "button", class: "primary", disabled: true, click: async () => {
      try {
        await this.#chat?.rate(stars, comment.value.trim());
      } catch {
        problem.textContent = t.failed;
      }
    } }, t.rate);
    return h("section", { class: "rating" }, h("fieldset", null, h("legend", null, t.rateTitle), h("div", { class: "stars" }, ...labels)), comment, button, problem);
  }

  #drawChips(view: View): void {
    const last = view.messages.at(-1);
    const reply = last?.from === "bot" ? last.reply : undefined;
    const is_first = view.messages.every((one) => one.from !== "customer");
    const wanted = (view.state !== "bot" && view.state !== "waiting") || view.waiting.length > 0 || view.is_typing ? [] : reply?.suggestions.length ? reply.suggestions : is_first ? view.suggestions : [];
    // A form that waits to be confirmed has a button for it.
    const has_button = reply?.blocks.some((block) => block.kind === "form" && block.to_confirm) ?? false;
    const shown = wanted.slice(0, 6).map(String).filter((text) => !has_button || text !== this.#t.sayConfirm);
    this.#chips.hidden = shown.length === 0;
    if (shown.join("\n") === [...this.#chips.children].map((one) => one.textContent).join("\n")) return;
    this.#chips.replaceChildren(...shown.map((text) => h("button", { type: "button", class: "chip", title: text, click: () => { this.say(text); this.#input.focus({ preventScroll: true }); } }, text)));
    this.#chips.scrollLeft = 0;
  }

  // Scrolling.

  #atEnd(): boolean {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < 60;
  }

  #scrolled(): void {
    if (this.#atEnd()) this.#newer.hidden = true;
  }

  #toEnd(): void {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#newer.hidden = true;
  }

  /** Follows the conversation, unless somebody reads further up; a long answer is shown from its beginning. */
  #settle(view: View, was_at_end: boolean, added: readonly HTMLElement[]): void {
    if (!was_at_end) {
      this.#newer.hidden = added.length === 0 && this.#newer.hidden;
      return;
    }
    this.#toEnd();
    const first = added[0];
    if (first !== undefined && view.messages.length > 1) this.#log.scrollTop = Math.min(this.#log.scrollTop, first.offsetTop - this.#log.offsetTop - 12);
  }

  #fit(): void {
    const seen = visualViewport;
    if (seen === null || !matchMedia(PHONE).matches) {
      this.#panel.style.removeProperty("bottom");
      return;
    }
    this.#panel.style.setProperty("bottom", `${Math.max(0, innerHeight - seen.height - seen.offsetTop)}px`);
  }

  // What people do.

  #typed(): void {
    const n_over = lengthOf(this.#input.value) - LONGEST;
    this.#tell(n_over > 0 ? this.#t.tooLong(n_over) : "");
    this.#send.disabled = this.#input.value.trim() === "" || n_over > 0;
    this.#input.style.height = "36px";
    this.#input.style.height = `${Math.min(132, Math.max(36, this.#input.scrollHeight))}px`;
  }

  #tell(problem: string): void {
    this.#problem.textContent = problem;
    this.#problem.hidden = problem === "";
    this.#input.setAttribute("aria-invalid", String(problem !== ""));
  }

  #keyed(event: KeyboardEvent): void {
    // Enter chooses a word while one is being composed.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#submit();
  }

  #submit(): void {
    if (this.#send.disabled) return;
    const text = this.#input.value;
    this.#input.value = "";
    this.#typed();
    this.say(text);
    this.#input.focus({ preventScroll: true });
  }

  #panelKeyed(event: KeyboardEvent): void {
    // The shop's own keys must not fire while somebody types here.
    event.stopPropagation();
    if (event.key === "Escape" && !event.isComposing) {
      if (!this.#menu.hidden) this.#toggleMenu();
      else this.close();
    }
    if (event.key !== "Tab") return;
    const stops = [...this.#panel.querySelectorAll<HTMLElement>("button, textarea, input, a[href], [tabindex='0']")].filter((one) => !one.matches(":disabled") && one.checkVisibility());
    const [first, last] = [stops[0], stops.at(-1)];
    const here = this.#root.activeElement;
    if (event.shiftKey ? here === first || here === this.#panel : here === last) {
      event.preventDefault();
      (event.shiftKey ? last : first)?.focus();
    }
  }

  #toggleMenu(): void {
    const is_shown = this.#menu.hidden;
    if (is_shown) this.#menu.replaceChildren(...this.#entries());
    this.#menu.hidden = !is_shown;
    this.#more.setAttribute("aria-expanded", String(is_shown));
    (is_shown ? (this.#menu.firstElementChild as HTMLElement | null) : this.#more)?.focus();
  }

  /** A click anywhere else closes the menu. */
  #leaveMenu(event: PointerEvent): void {
    const target = event.target as Node;
    if (this.#menu.hidden || this.#menu.contains(target) || this.#more.contains(target)) return;
    this.#menu.hidden = true;
    this.#more.setAttribute("aria-expanded", "false");
  }

  #entries(): HTMLElement[] {
    const t = this.#t;
    const view = this.#chat?.view;
    const entry = (text: string, act: () => Promise<void> | void): HTMLElement => h("button", { type: "button", click: async () => {
      this.#toggleMenu();
      try {
        await act();
        this.#tell("");
      } catch (cause) {
        this.#tell(cause instanceof Error && cause.message !== "" ? `${t.failed} ${"status" in cause ? cause.message : ""}` : t.failed);
      }
      this.refresh();
    } }, text);
    const is_bot = view?.state === "bot";
    const has_spoken = view?.messages.some((one) => one.from === "customer") ?? false;
    return [
      ...(is_bot ? [entry(t.askPerson, () => this.#chat?.askPerson())] : []),
      ...(has_spoken && view?.is_rated === false && view.state !== "closed" ? [entry(t.rateNow, () => this.#askRating())] : []),
      ...(has_spoken && view?.state !== "closed" ? [entry(t.endNow, () => this.#chat?.close())] : []),
      entry(t.anew, () => this.#anew()),
    ];
  }

  #askRating(): void {
    this.#wants_rating = true;
    this.#draw();
    this.#toEnd();
    this.#tail.querySelector("input")?.focus({ preventScroll: true });
  }

  async #anew(): Promise<void> {
    this.#wants_rating = false;
    this.#read_seq = 0;
    await this.#chat?.anew();
    this.#input.focus({ preventScroll: true });
  }
}

/** Whether somebody is at the desk, as the last hand-over says; else as it was when the conversation began. */
function deskOpen(view: View): boolean {
  const handed = view.messages.findLast((one) => one.action?.kind === "hand_over")?.action;
  return handed?.kind === "hand_over" ? handed.desk_open : view.desk_open;
}
