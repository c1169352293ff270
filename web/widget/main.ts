// `<script src="https://SHOP/widget.js" data-key="…" async>`: puts the widget on a shop's page. What the attributes mean stands in
// docs. It leaves one global behind, `TercetChat`, by which the page can open it, ask something, or sign its customer in.
import { Chat, type Options, type World } from "./chat";
import { carefulStorage, type Storage } from "./outbox";
import type { Lang } from "./types";
import { Widget } from "./view";

const script = (document.currentScript as HTMLScriptElement | null) ?? document.querySelector<HTMLScriptElement>("script[data-key][src*='widget.js']");

function storageOf(kind: "localStorage" | "sessionStorage"): Storage {
  try {
    return carefulStorage(window[kind]);
  } catch {
    return carefulStorage(null);
  }
}

function worldOf(storage: Storage): World {
  return {
    fetch: (...args) => fetch(...args),
    storage,
    now: () => Date.now(),
    random: () => Math.random(),
    newKey: () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""),
    wait: (ms, signal) => new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
    }),
  };
}

function langOf(wanted: string | undefined): Lang {
  const lang = wanted || document.documentElement.lang || navigator.language;
  return lang.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function begin(tag: HTMLScriptElement): void {
  const { key, lang, product, customerToken, currency, productUrl, theme, open } = tag.dataset;
  if (!key) return console.warn("Tercet: the widget's script needs data-key");
  const base = new URL(tag.src, location.href).origin;
  const options: Options = { base, key, lang: langOf(lang), product: product || null, token: customerToken || null, currency: currency || null };
  const host = document.createElement("tercet-chat");
  if (theme === "light" || theme === "dark") host.setAttribute("theme", theme);
  const widget = new Widget(host, { lang: options.lang, base, product_url: productUrl || null });
  const chat = new Chat(options, worldOf(storageOf("localStorage")), () => widget.refresh());
  const tab = storageOf("sessionStorage");
  widget.onopen = (is_open) => (is_open ? tab.setItem("tercet.chat.open", "1") : tab.removeItem("tercet.chat.open"));
  widget.attach(chat);
  document.body.appendChild(host);

  addEventListener("online", () => chat.wake());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && chat.wake());
  // A page that was left with the panel open opens it again; on a phone it would hide the page that was gone to.
  const is_wide = matchMedia("(min-width: 640px)").matches;
  if (open === "true" || (is_wide && tab.getItem("tercet.chat.open") === "1")) widget.open();
  else if (chat.has_conversation) void chat.start();

  Object.defineProperty(window, "TercetChat", {
    value: Object.freeze({
      open: () => widget.open(),
      close: () => widget.close(),
      ask: (text: string) => {
        widget.open();
        widget.say(String(text).slice(0, 4000));
      },
      identify: (token: string) => chat.identify(String(token)),
      forget: () => {
        chat.leave();
        widget.close();
      },
    }),
  });
}

if (script !== null && !("TercetChat" in window)) {
  if (document.body === null) addEventListener("DOMContentLoaded", () => begin(script), { once: true });
  else begin(script);
}
