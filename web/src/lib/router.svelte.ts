// Where we are, from the address bar and back to it. `matchRoute` is pure; the rest keeps one reactive location.

export type Route =
  | { page: "login" }
  | { page: "overview" }
  | { page: "decisions" }
  | { page: "sendings" }
  | { page: "reports" }
  | { page: "products" }
  | { page: "product"; id: string }
  | { page: "customers" }
  | { page: "customer"; id: string }
  | { page: "groups" }
  | { page: "group"; id: string }
  | { page: "audiences" }
  | { page: "audience"; id: string }
  | { page: "forecast" }
  | { page: "lifetimes" }
  | { page: "generations" }
  | { page: "launches" }
  | { page: "promotions" }
  | { page: "crowd" }
  | { page: "selling-points" }
  | { page: "budget" }
  | { page: "prices" }
  | { page: "campaigns" }
  | { page: "campaign"; id: string }
  | { page: "opinions" }
  | { page: "opinion"; id: string }
  | { page: "analyse" }
  | { page: "search" }
  | { page: "words" }
  | { page: "writing" }
  | { page: "studio" }
  | { page: "drafts" }
  | { page: "draft"; id: string }
  | { page: "check" }
  | { page: "rules" }
  | { page: "desk" }
  | { page: "service" }
  | { page: "questions" }
  | { page: "unanswered" }
  | { page: "cases" }
  | { page: "proactive" }
  | { page: "outbox" }
  | { page: "knowledge" }
  | { page: "document"; id: string }
  | { page: "answers" }
  | { page: "try" }
  | { page: "evaluation" }
  | { page: "models" }
  | { page: "jobs" }
  | { page: "settings" }
  | { page: "missing"; path: string };

const FLAT = ["login", "decisions", "questions", "sendings", "reports", "products", "customers", "groups", "audiences", "forecast", "lifetimes", "generations", "launches", "promotions", "crowd", "selling-points", "budget", "prices", "campaigns", "opinions", "analyse", "search", "words", "writing", "studio", "desk", "service", "unanswered", "cases", "proactive", "outbox", "knowledge", "answers", "try", "evaluation", "models", "jobs", "settings"] as const;

/** Pages below `/studio`. */
const STUDIO = ["drafts", "check", "rules"] as const;

type WithId = Extract<Route, { id: string }>["page"];
const ONE_OF = new Map<string, WithId>([["products", "product"], ["customers", "customer"], ["groups", "group"], ["audiences", "audience"], ["campaigns", "campaign"], ["opinions", "opinion"], ["knowledge", "document"]]);

/** A page of one thing; `null` where its id cannot be read. */
function withId(page: WithId, text: string): Route | null {
  try {
    return { page, id: decodeURIComponent(text) };
  } catch {
    return null;
  }
}

export function matchRoute(path: string): Route {
  const missing: Route = { page: "missing", path };
  const parts = path.split("/").filter((part) => part !== "");
  const [first, second, ...rest] = parts;
  if (first === undefined) return { page: "overview" };
  if (first === "studio" && second === "drafts" && rest.length === 1) return withId("draft", rest[0]!) ?? missing;
  if (rest.length > 0) return missing;
  if (first === "studio" && second !== undefined) return STUDIO.includes(second as "drafts") ? { page: second as "drafts" } : missing;
  if (second === undefined) {
    const page = FLAT.find((name) => name === first);
    // There are more of them than the compiler compares one by one.
    return page === undefined ? missing : ({ page } as Route);
  }
  const page = ONE_OF.get(first);
  return page === undefined ? missing : (withId(page, second) ?? missing);
}

export const productPath = (id: string): string => `/products/${encodeURIComponent(id)}`;
export const customerPath = (id: string): string => `/customers/${encodeURIComponent(id)}`;
export const groupPath = (key: string): string => `/groups/${encodeURIComponent(key)}`;
/** `new` is the page of an audience that is not saved yet. */
export const audiencePath = (id: string | number): string => `/audiences/${encodeURIComponent(String(id))}`;

export const draftPath = (id: string): string => `/studio/drafts/${encodeURIComponent(id)}`;

export const campaignPath = (id: string): string => `/campaigns/${encodeURIComponent(id)}`;
export const documentPath = (id: string): string => `/knowledge/${encodeURIComponent(id)}`;

/** What customers say of a product. */
export const opinionPath = (id: string): string => `/opinions/${encodeURIComponent(id)}`;

/** `search` with `changes` laid over it; an empty value removes its name. */
export function searchWith(search: string, changes: Record<string, string | number | null>): string {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") params.delete(name);
    else params.set(name, String(value));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/** Only paths of this console may be returned to after login; `//host` and `/\host` would leave it. */
export function safeReturnPath(path: string | null): string {
  return path !== null && /^\/(?![/\\])/.test(path) && !path.startsWith("/login") ? path : "/";
}

/** How many entries of a list come before the page asked for; anything but a count is the beginning. */
export function offsetIn(search: string): number {
  const offset = Math.floor(Number(new URLSearchParams(search).get("offset")));
  return Number.isSafeInteger(offset) && offset > 0 ? offset : 0;
}

/** Which of some values a name of an address has; `otherwise` where it has none of them. */
export function choiceIn<T extends string, O extends T | "">(search: string, name: string, among: readonly T[], otherwise: O): T | O {
  const found = new URLSearchParams(search).get(name);
  return among.find((one) => one === found) ?? otherwise;
}

class Router {
  path = $state(typeof location === "undefined" ? "/" : location.pathname);
  search = $state(typeof location === "undefined" ? "" : location.search);
  readonly route: Route = $derived(matchRoute(this.path));

  param(name: string): string {
    return new URLSearchParams(this.search).get(name) ?? "";
  }

  /** Which of some values a name has; `otherwise` where it has none of them. */
  choice<T extends string, O extends T | "">(name: string, among: readonly T[], otherwise: O): T | O {
    return choiceIn(this.search, name, among, otherwise);
  }

  /** Where the page of a long list begins. */
  get offset(): number {
    return offsetIn(this.search);
  }

  go(to: string, { replace = false }: { replace?: boolean } = {}): void {
    const url = new URL(to, location.origin);
    const moved = url.pathname !== this.path;
    history[replace ? "replaceState" : "pushState"](null, "", url);
    this.read();
    if (moved) scrollTo(0, 0);
  }

  /** Changes the query and keeps the page. */
  query(changes: Record<string, string | number | null>, options: { replace?: boolean } = {}): void {
    this.go(this.path + searchWith(this.search, changes), options);
  }

  private read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }

  /** Listens to the browser's buttons and to clicks on our own links; returns how to stop. */
  start(): () => void {
    const onPop = (): void => this.read();
    const onClick = (event: MouseEvent): void => {
      if (event.defaultPrevented || event.button !== 0) return;
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = event.target instanceof Element ? event.target.closest("a") : null;
      const href = link?.getAttribute("href");
      if (!href?.startsWith("/") || href.startsWith("/v1") || link?.target || link?.hasAttribute("download")) return;
      event.preventDefault();
      this.go(href);
    };
    addEventListener("popstate", onPop);
    document.addEventListener("click", onClick);
    return () => {
      removeEventListener("popstate", onPop);
      document.removeEventListener("click", onClick);
    };
  }
}

export const router = new Router();
