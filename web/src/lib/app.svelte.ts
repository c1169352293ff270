// What every page shares: language, theme, session and the formats that follow from them.
import { dictionaries, type Dictionary } from "../i18n";
import { failures } from "../i18n/failures";
import { ApiError, api, setApiLanguage, setApiShop, setSignedOutHandler } from "./api";
import { Format, type Lang } from "./format";
import { recall, recallInTab, remember, rememberInTab } from "./remember";
import { router, safeReturnPath } from "./router.svelte";
import type { Session } from "./types";

export type Theme = "system" | "light" | "dark";

function firstLang(): Lang {
  const kept = recall("lang");
  if (kept === "zh" || kept === "en") return kept;
  return typeof navigator !== "undefined" && navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function firstTheme(): Theme {
  const kept = recall("theme");
  return kept === "light" || kept === "dark" ? kept : "system";
}

class App {
  lang = $state<Lang>(firstLang());
  theme = $state<Theme>(firstTheme());
  session = $state.raw<Session | null>(null);
  systemDark = $state(false);
  /** Ticks every half minute, so that "3 minutes ago" does not grow stale. */
  now = $state(Date.now());

  readonly t: Dictionary = $derived(dictionaries[this.lang]);
  readonly dark: boolean = $derived(this.theme === "system" ? this.systemDark : this.theme === "dark");
  readonly format: Format = $derived(
    new Format(this.lang, this.session?.shop.currency ?? "USD", this.session?.shop.time_zone ?? "UTC"),
  );

  setLang(lang: Lang): void {
    this.lang = lang;
    remember("lang", lang);
    setApiLanguage(lang);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    remember("theme", theme === "system" ? null : theme);
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  /** What went wrong, for people. The service tells it in English; what kind of failure it is, stands before it in the console's language. */
  failure(error: ApiError): string {
    if (error.status === 0) return this.t.error.unreachable;
    const { message } = error.body;
    const kind = failures[String(error.status)];
    return this.lang === "en" || kind === undefined || /\p{Script=Han}/u.test(message) ? message : `${kind}${message}`;
  }

  may(scope: string): boolean {
    return this.session?.scopes.includes(scope) ?? false;
  }

  async logOut(): Promise<void> {
    await api.logOut().catch(() => undefined);
    this.session = null;
    setApiShop(null);
    router.go("/login");
  }

  /** Whose session this is: the shop this tab showed last, or else the one opened last. Throws if there is none. */
  async findSession(): Promise<Session> {
    const wanted = recallInTab("shop");
    setApiShop(wanted);
    try {
      return this.show(await api.session());
    } catch (cause) {
      if (wanted === null || !(cause instanceof ApiError) || cause.status !== 401) throw cause;
      setApiShop(null);
      return this.show(await api.session());
    }
  }

  private show(session: Session): Session {
    this.session = session;
    setApiShop(session.shop.id);
    rememberInTab("shop", session.shop.id);
    return session;
  }

  /** Shows another shop; its own password is asked for once. */
  async switchShop(id: string): Promise<void> {
    const before = this.session?.shop.id ?? null;
    setApiShop(id);
    try {
      this.show(await api.session());
      router.go("/");
    } catch (cause) {
      setApiShop(before);
      if (!(cause instanceof ApiError) || cause.status !== 401) throw cause;
      router.go(`/login?shop=${encodeURIComponent(id)}`);
    }
  }

  toLogin(): void {
    const here = router.path + router.search;
    this.session = null;
    router.go(`/login${here === "/" || here.startsWith("/login") ? "" : `?next=${encodeURIComponent(here)}`}`, {
      replace: true,
    });
  }

  enter(session: Session): void {
    this.show(session);
    router.go(safeReturnPath(new URLSearchParams(router.search).get("next")), { replace: true });
  }

  start(): () => void {
    setApiLanguage(this.lang);
    setSignedOutHandler(() => this.toLogin());
    const media = matchMedia("(prefers-color-scheme: dark)");
    const onMedia = (): void => void (this.systemDark = media.matches);
    onMedia();
    media.addEventListener("change", onMedia);
    const timer = setInterval(() => (this.now = Date.now()), 30_000);
    return () => {
      media.removeEventListener("change", onMedia);
      clearInterval(timer);
    };
  }
}

export const app = new App();
