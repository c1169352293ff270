// The only file that talks to the service. Every failure becomes an ApiError with something to tell a person.
import type {
  Analysis,
  Audience,
  AudienceCount,
  AudienceDraft,
  AudienceFields,
  AudienceMember,
  Card,
  Cohorts,
  Condition,
  Curve,
  Customer,
  ErrorBody,
  Evaluation,
  Explanation,
  Found,
  GroupMap,
  GroupTree,
  HistoryItem,
  Job,
  Key,
  LanguageInfo,
  GroupMember,
  Migration,
  Model,
  NearCustomer,
  NewKey,
  OpinionList,
  OpinionPage,
  Overview,
  Page,
  Product,
  ProductFacets,
  Recommendations,
  Rfm,
  Segments,
  Session,
  ShopName,
  SimilarItem,
  WordMap,
  WordNeighbour,
  WordNeighbours,
  WritingItem,
  Written,
} from "./types";
import type { Scheduled } from "./schedule";

export type Query = Record<string, string | number | boolean | null | undefined>;

/** `status` 0 means that no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    super(body.message);
  }
}

let language = "en";
let shop: string | null = null;
let onSignedOut: () => void = () => {};

export function setApiLanguage(lang: string): void {
  language = lang;
}

/** The shop that this tab shows. One session may be open for several, and each tab keeps to its own. */
export function setApiShop(id: string | null): void {
  shop = id;
}

/** Called when the service says that the session has ended. */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler;
}

export function queryText(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

export async function errorFrom(response: Response): Promise<ApiError> {
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null && "error" in body) {
      return new ApiError(response.status, body.error as ErrorBody);
    }
  } catch {
    // Not JSON: a proxy's page, say. The status has to speak.
  }
  return new ApiError(response.status, { code: "unreadable", message: `HTTP ${response.status}` });
}

/** `body` goes as JSON, or as it is where it is a file. */
export async function ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": language };
  if (body !== undefined) headers["Content-Type"] = body instanceof Blob ? body.type : "application/json";
  // Headers hold no other letters than the oldest; ids of shops may.
  if (shop !== null) headers["X-Tercet-Shop"] = encodeURIComponent(shop);
  let response: Response;
  try {
    response = await fetch(`/v1${path}`, {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      signal,
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, { code: "unreachable", message: "" });
  }
  if (!response.ok) {
    const error = await errorFrom(response);
    if (response.status === 401 && path !== "/session") onSignedOut();
    throw error;
  }
  return response;
}

/** Sends a file as it is, telling how much of it has gone (0 to 1), which `fetch` does not. */
export function upload<T>(method: string, path: string, file: Blob, onprogress: (share: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open(method, `/v1${path}`);
    sending.setRequestHeader("Accept", "application/json");
    sending.setRequestHeader("Accept-Language", language);
    sending.setRequestHeader("Content-Type", "application/octet-stream");
    if (shop !== null) sending.setRequestHeader("X-Tercet-Shop", encodeURIComponent(shop));
    sending.upload.onprogress = ({ loaded, total }) => onprogress(total > 0 ? loaded / total : 0);
    sending.onload = async () => {
      const answer = new Response(sending.responseText === "" ? null : sending.responseText, { status: sending.status });
      if (answer.ok) return resolve((sending.responseText === "" ? undefined : JSON.parse(sending.responseText)) as T);
      if (sending.status === 401) onSignedOut();
      reject(await errorFrom(answer));
    };
    sending.onerror = () => reject(new ApiError(0, { code: "unreachable", message: "" }));
    sending.onabort = () => reject(new DOMException("aborted", "AbortError"));
    signal?.addEventListener("abort", () => sending.abort(), { once: true });
    sending.send(file);
  });
}

export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await ask(method, path, body, signal);
  if (response.status === 204 || response.headers.get("content-length") === "0") return undefined as T;
  return (await response.json()) as T;
}

export const get = <T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> =>
  request<T>("GET", path + queryText(query), undefined, signal);

const id = (text: string | number): string => encodeURIComponent(String(text));

interface Items<T> {
  items: T[];
}

/** Lists arrive as `{items}`; a bare array is read too. */
function itemsOf<T>(answer: Items<T> | T[]): T[] {
  return Array.isArray(answer) ? answer : answer.items;
}

export const api = {
  session: () => get<Session>("/session"),
  shops: async () => itemsOf(await get<Items<ShopName> | ShopName[]>("/shops")),
  logIn: (password: string, shop?: string) => request<Session>("POST", "/session", { shop, password }),
  logOut: () => request<void>("DELETE", "/session"),

  overview: (signal?: AbortSignal) => get<Overview>("/overview", {}, signal),

  products: (query: Query, signal?: AbortSignal) => get<Page<Product>>("/products", query, signal),
  facets: (query: Query, signal?: AbortSignal) => get<ProductFacets>("/products/facets", query, signal),
  product: (product: string, signal?: AbortSignal) => get<Product>(`/products/${id(product)}`, {}, signal),
  similar: (product: string, n: number, signal?: AbortSignal) =>
    get<Items<SimilarItem>>("/similar", { product, n }, signal),

  customers: (query: Query, signal?: AbortSignal) => get<Page<Customer>>("/customers", query, signal),
  customer: (customer: string, signal?: AbortSignal) => get<Customer>(`/customers/${id(customer)}`, {}, signal),
  history: (customer: string, limit: number, signal?: AbortSignal) =>
    get<Items<HistoryItem>>(`/customers/${id(customer)}/history`, { limit }, signal),
  recommendations: (query: Query, signal?: AbortSignal) => get<Recommendations>("/recommendations", query, signal),

  replay: (list: string, lang: string, signal?: AbortSignal) =>
    get<Explanation>("/explain", { list_id: list, lang, replay: true }, signal),

  models: async (signal?: AbortSignal) => itemsOf(await get<Items<Model> | Model[]>("/models", {}, signal)),
  activateModel: (version: string) => request<unknown>("POST", `/models/${id(version)}/activate`),
  evaluations: async (signal?: AbortSignal) =>
    itemsOf(await get<Items<Evaluation> | Evaluation[]>("/evaluations", {}, signal)),
  cards: async (signal?: AbortSignal) => itemsOf(await get<Items<Card> | Card[]>("/cards", {}, signal)),

  jobs: async (signal?: AbortSignal) => itemsOf(await get<Items<Job> | Job[]>("/jobs", {}, signal)),
  job: (job: string | number, signal?: AbortSignal) => get<Job>(`/jobs/${id(job)}`, {}, signal),
  /** What a job made, as a file of the browser. */
  jobFile: async (job: string | number) => (await ask("GET", `/jobs/${id(job)}/file`)).blob(),
  startJob: (kind: string, params: unknown) => request<Job>("POST", "/jobs", { kind, params }),
  schedule: async (signal?: AbortSignal) => itemsOf(await get<Items<Scheduled>>("/schedule", {}, signal)),
  runScheduled: (name: string) => request<Job>("POST", `/schedule/${id(name)}/run`),
  cancelJob: (job: string | number) => request<unknown>("DELETE", `/jobs/${id(job)}`),

  segments: (signal?: AbortSignal) => get<Segments>("/segments", {}, signal),
  groupMap: (limit: number, signal?: AbortSignal) => get<GroupMap>("/segments/map", { limit }, signal),
  near: (query: Query, signal?: AbortSignal) => get<Items<NearCustomer>>("/segments/map/near", query, signal),
  groupTree: (signal?: AbortSignal) => get<GroupTree>("/segments/tree", {}, signal),
  groupCustomers: (group: string, query: Query, signal?: AbortSignal) =>
    get<Page<GroupMember>>(`/segments/${id(group)}/customers`, query, signal),
  rfm: (signal?: AbortSignal) => get<Rfm>("/rfm", {}, signal),
  cohorts: (signal?: AbortSignal) => get<Cohorts>("/cohorts", {}, signal),
  migration: (signal?: AbortSignal) => get<Migration>("/migration", {}, signal),

  audiences: async (signal?: AbortSignal) => itemsOf(await get<Items<Audience> | Audience[]>("/audiences", {}, signal)),
  audience: (audience: string, signal?: AbortSignal) => get<Audience>(`/audiences/${id(audience)}`, {}, signal),
  audienceFields: (signal?: AbortSignal) => get<AudienceFields>("/audiences/fields", {}, signal),
  audienceCustomers: (audience: string, query: Query, signal?: AbortSignal) =>
    get<Page<AudienceMember>>(`/audiences/${id(audience)}/customers`, query, signal),
  countAudience: (conditions: Condition, signal?: AbortSignal) =>
    request<AudienceCount>("POST", "/audiences/count", { conditions }, signal),
  createAudience: (draft: AudienceDraft) => request<Audience>("POST", "/audiences", draft),
  changeAudience: (audience: string, draft: AudienceDraft) => request<Audience>("PUT", `/audiences/${id(audience)}`, draft),
  renameAudience: (audience: string, name: string) => request<Audience>("PATCH", `/audiences/${id(audience)}`, { name }),
  removeAudience: (audience: string) => request<void>("DELETE", `/audiences/${id(audience)}`),
  findAlike: (name: string, seed: string | number, size: number) =>
    request<Job>("POST", "/audiences/lookalike", { name, seed, size }),
  /** As a file of the browser: a plain link could not say which shop this tab shows. */
  exportAudience: async (audience: string, channel: string | null) => {
    const query = channel === null ? { all: true } : { channel };
    return (await ask("GET", `/audiences/${id(audience)}/export${queryText(query)}`)).blob();
  },

  language: (signal?: AbortSignal) => get<LanguageInfo>("/language", {}, signal),
  words: (word: string, n: number, signal?: AbortSignal) => get<WordNeighbours>("/words", { word, n }, signal),
  analogy: (a: string, b: string, c: string, n: number, signal?: AbortSignal) =>
    get<Items<WordNeighbour>>("/words/analogy", { a, b, c, n }, signal),
  wordMap: (n: number, signal?: AbortSignal) => get<WordMap>("/words/map", { n }, signal),
  opinions: (query: Query, signal?: AbortSignal) => get<OpinionList>("/opinions", query, signal),
  opinion: (product: string, signal?: AbortSignal) => get<OpinionPage>(`/opinions/${id(product)}`, {}, signal),
  analyse: (text: string, signal?: AbortSignal) => request<Analysis>("POST", "/opinions/analyse", { text }, signal),
  /** An empty query browses; `q` is always sent. */
  search: (query: Query & { q: string }, signal?: AbortSignal) =>
    get<Found>(`/search${queryText(query)}${query.q === "" ? `${queryText(query) === "" ? "?" : "&"}q=` : ""}`, {}, signal),
  suggest: (q: string, n: number, signal?: AbortSignal) => get<Items<{ text: string }>>("/search/suggest", { q, n }, signal),

  writers: async (signal?: AbortSignal) => itemsOf(await get<Items<WritingItem> | WritingItem[]>("/seq2seq", {}, signal)),
  writerCurve: (name: string, signal?: AbortSignal) => get<Curve>(`/seq2seq/${id(name)}/curve`, {}, signal),
  writeWith: (name: string, body: Record<string, unknown>, signal?: AbortSignal) => request<Written>("POST", `/seq2seq/${id(name)}/write`, body, signal),
  removeWriter: (name: string) => request<void>("DELETE", `/seq2seq/${id(name)}`),

  keys: async (signal?: AbortSignal) => itemsOf(await get<Items<Key> | Key[]>("/keys", {}, signal)),
  createKey: (name: string, scopes: string[]) => request<NewKey>("POST", "/keys", { name, scopes }),
  revokeKey: (key: string | number) => request<unknown>("DELETE", `/keys/${id(key)}`),
};
