// What the console asks for and reads is what the service's OpenAPI document has: each path, each field of each answer.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema | false;
  prefixItems?: Schema[];
  additionalProperties?: Schema | boolean;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}
interface Operation {
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const documented = JSON.parse(readFileSync(here("../../../crates/service/tests/openapi.json"), "utf8")) as Document;
const paths = new Map(Object.entries(documented.paths).map(([path, methods]) => [path.replace(/\{\w+\}/g, "{}"), methods]));

/** A schema's alternatives and parts, references followed. */
function partsOf(schema: Schema): Schema[] {
  if (schema.$ref !== undefined) return partsOf(documented.components.schemas[schema.$ref.split("/").at(-1)!]!);
  const inner = [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...inner.flatMap(partsOf)];
}

/** Fields that a type of the console has and its schema has not. */
function missing(checker: ts.TypeChecker, type: ts.Type, schema: Schema, where: string, seen: Set<ts.Type>): string[] {
  const bare = checker.getNonNullableType(type);
  if (bare.isUnion()) return bare.types.flatMap((one) => missing(checker, one, schema, where, seen));
  if (!(bare.flags & ts.TypeFlags.Object) || seen.has(bare)) return [];
  const within = new Set(seen).add(bare);
  const parts = partsOf(schema);
  if (checker.isArrayType(bare) || checker.isTupleType(bare)) {
    const elements = parts.flatMap((part) => [...(part.items ? [part.items] : []), ...(part.prefixItems ?? [])]);
    return checker.getTypeArguments(bare as ts.TypeReference).flatMap((element, at) => {
      const one = elements[Math.min(at, elements.length - 1)];
      return one === undefined ? [] : missing(checker, element, one, `${where}[]`, within);
    });
  }
  const known = parts.flatMap((part) => Object.entries(part.properties ?? {}));
  // Something free, as the settings of an algorithm are.
  if (known.length === 0) return [];
  return checker.getPropertiesOfType(bare).flatMap((property) => {
    const of = known.filter(([name]) => name === property.name).map(([, one]) => one);
    if (of.length === 0) return [`${where}.${property.name}`];
    return missing(checker, checker.getTypeOfSymbol(property), { anyOf: of }, `${where}.${property.name}`, within);
  });
}

/** `/v1/products/{}` for a text of an address; what follows as a query is not part of it. */
function pathIn(node: ts.Expression): string {
  if (ts.isStringLiteralLike(node)) return `/v1${node.text}`;
  if (ts.isBinaryExpression(node)) return pathIn(node.left);
  if (!ts.isTemplateExpression(node)) throw new Error(`no address: ${node.getText()}`);
  const parts = [node.head.text];
  for (const { expression, literal } of node.templateSpans) {
    if (expression.getText().startsWith("queryText")) break;
    parts.push("{}", literal.text);
  }
  return `/v1${parts.join("")}`;
}

/** What a file of calls asks for and reads that is not documented, and how many calls it has. */
function undocumented(path: string, name: string): { found: string[]; n_calls: number } {
  const file = here(path);
  const program = ts.createProgram([file], { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [], skipLibCheck: true });
  const checker = program.getTypeChecker();
  const found: string[] = [];
  let n_calls = 0;
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return;
    const called = node.expression.text;
    if (!["get", "request", "ask", "upload"].includes(called)) return;
    const [first, second] = node.arguments;
    const [method, address] = called === "get" ? ["get", first!] : [(first as ts.StringLiteral).text.toLowerCase(), second!];
    n_calls += 1;
    const path = pathIn(address!);
    const operation = paths.get(path)?.[method];
    if (operation === undefined) return void found.push(`${method.toUpperCase()} ${path}`);
    const answer = Object.entries(operation.responses).find(([status]) => status.startsWith("2"))?.[1];
    const schema = Object.values(answer?.content ?? {})[0]?.schema;
    const type = node.typeArguments?.[0];
    if (schema !== undefined && type !== undefined) found.push(...missing(checker, checker.getTypeFromTypeNode(type), schema, `${method.toUpperCase()} ${path}`, new Set()));
  };
  const calls = program.getSourceFile(file)!.statements.find((one) => ts.isVariableStatement(one) && one.declarationList.declarations[0]?.name.getText() === name);
  visit(calls!);
  return { found, n_calls };
}

test("every path and every field that the console reads is documented", () => {
  const { found, n_calls } = undocumented("../../src/lib/api.ts", "api");
  expect(n_calls).toBeGreaterThan(40);
  expect(found).toEqual([]);
});

// A service built without customer service documents none of it.
test.runIf(paths.has("/v1/desk/conversations"))("so is all of customer service", () => {
  const { found, n_calls } = undocumented("../../src/lib/service.ts", "service");
  expect(n_calls).toBeGreaterThan(15);
  expect(found).toEqual([]);
});

test("so are the documents that it cites", () => {
  const { found, n_calls } = undocumented("../../src/lib/knowledge.ts", "knowledge");
  expect(n_calls).toBe(7);
  expect(found).toEqual([]);
});

// So is content, by a service built without it.
test.runIf(paths.has("/v1/content/options"))("and all of content", () => {
  const { found, n_calls } = undocumented("../../src/lib/content.ts", "content");
  expect(n_calls).toBeGreaterThan(12);
  expect(found).toEqual([]);
});

// And of the plans.
test.runIf(paths.has("/v1/campaigns"))("and all of the plans", () => {
  const { found, n_calls } = undocumented("../../src/lib/plans.ts", "plans");
  expect(n_calls).toBe(21);
  expect(found).toEqual([]);
});

test.runIf(paths.has("/v1/decisions"))("and all of the decisions", () => {
  const { found, n_calls } = undocumented("../../src/lib/decisions.ts", "decisions");
  expect(n_calls).toBe(3);
  expect(found).toEqual([]);
});

test.runIf(paths.has("/v1/questions"))("and all of the questions", () => {
  const { found, n_calls } = undocumented("../../src/lib/questions.ts", "questions");
  expect(n_calls).toBe(2);
  expect(found).toEqual([]);
});

test.runIf(paths.has("/v1/sendings"))("and all of the sendings", () => {
  const { found, n_calls } = undocumented("../../src/lib/sendings.ts", "sendings");
  expect(n_calls).toBe(5);
  expect(found).toEqual([]);
});

test.runIf(paths.has("/v1/reports"))("and all of the reports", () => {
  const { found, n_calls } = undocumented("../../src/lib/reports.ts", "reports");
  expect(n_calls).toBe(3);
  expect(found).toEqual([]);
});

/** What of a value is not as its schema says. What the console does not read may be missing. */
function faults(value: unknown, schema: Schema, where: string): string[] {
  if (schema.$ref !== undefined) return faults(value, documented.components.schemas[schema.$ref.split("/").at(-1)!]!, where);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) {
    const found = choices.map((one) => faults(value, one, where));
    return found.reduce((best, one) => (one.length < best.length ? one : best));
  }
  if (schema.allOf !== undefined) return faults(value, schema.allOf.reduce<Schema>((whole, part) => merged(whole, part), {}), where);
  if (schema.type === undefined) return [];
  const types = [schema.type].flat();
  const type = value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) && types.includes("integer") ? "integer" : typeof value;
  if (!types.includes(type)) return [`${where} is ${type}, not ${types.join(" or ")}`];
  if (Array.isArray(value)) {
    // The first few tell; a map has 200,000 points.
    return value.slice(0, 20).flatMap((one, at) => {
      const item = schema.prefixItems?.[at] ?? schema.items;
      return item ? faults(one, item, `${where}[${at}]`) : [];
    });
  }
  if (type !== "object" || schema.properties === undefined) return [];
  const { properties } = schema;
  const fields = value as Record<string, unknown>;
  return Object.entries(fields).flatMap(([name, one]) => (one === undefined ? [] : properties[name] === undefined ? [`${where}.${name} is not documented`] : faults(one, properties[name], `${where}.${name}`)));
}

function merged(one: Schema, other: Schema): Schema {
  if (other.$ref !== undefined) return merged(one, documented.components.schemas[other.$ref.split("/").at(-1)!]!);
  if (other.allOf !== undefined) return other.allOf.reduce<Schema>(merged, one);
  return { type: "object", properties: { ...one.properties, ...other.properties } };
}

test("the mock answers as the service would", async () => {
  const { startMock, PASSWORD } = (await import("../../mock/server.mjs" as string)) as { startMock: () => Promise<{ url: string; close: () => void }>; PASSWORD: string };
  const mock = await startMock();
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${mock.url}${path}`, init);
  const opened = await ask("/v1/session", { method: "POST", body: JSON.stringify({ password: PASSWORD }) });
  const headers = { cookie: opened.headers.get("set-cookie")!.split(";")[0]! };
  const read = async (path: string): Promise<unknown> => (await ask(path, { headers })).json();
  const first = async (path: string, name: string): Promise<string> => encodeURIComponent(String(((await read(path)) as { items: Record<string, unknown>[] }).items[0]![name]));
  const product = await first("/v1/products", "product_id");
  const customer = await first("/v1/customers", "customer_id");
  const campaign = await first("/v1/campaigns", "campaign_id");
  const experiment = await first("/v1/experiments", "id");
  const [a, b, c] = ((await read("/v1/words/map")) as { items: { word: string }[] }).items.map(({ word }) => encodeURIComponent(word));
  const asked: Record<string, string[]> = {
    "/v1/audiences/{}": ["/v1/audiences/a-1", "/v1/audiences/a-3"],
    "/v1/audiences/{}/customers": ["/v1/audiences/a-3/customers"],
    "/v1/experiments/{}": [`/v1/experiments/${experiment}`],
    "/v1/campaigns/{}/verdict": ["", "?outcome=response&method=bayesian", "?method=sequential&days=7"].map((query) => `/v1/campaigns/${campaign}/verdict${query}`),
    "/v1/content/drafts": ["/v1/content/drafts?state=all", "/v1/content/drafts?state=review&channel=push"],
    "/v1/content/drafts/{}": ["/v1/content/drafts/d-1", "/v1/content/drafts/d-4"],
    "/v1/desk/conversations/{}": [`/v1/desk/conversations/${await first("/v1/desk/conversations?state=all", "conversation_id")}`],
    "/v1/customers/{}": [`/v1/customers/${customer}`],
    "/v1/customers/{}/history": [`/v1/customers/${customer}/history`],
    "/v1/explain": ["/v1/explain?list_id=1&replay=true"],
    "/v1/jobs/{}": ["/v1/jobs/j-1", "/v1/jobs/j-2"],
    "/v1/knowledge": ["/v1/knowledge", "/v1/knowledge?state=retired"],
    "/v1/knowledge/{}": ["/v1/knowledge/returns.md", "/v1/knowledge/promo-618.md"],
    "/v1/knowledge/{}/versions/{}": ["/v1/knowledge/returns.md/versions/3", "/v1/knowledge/returns.md/versions/1"],
    "/v1/opinions/{}": [`/v1/opinions/${await first("/v1/opinions", "product_id")}`],
    "/v1/plan/experiment": ["/v1/plan/experiment?baseline=0.1&lift=0.2", "/v1/plan/experiment?baseline=450&lift=0.1&deviation=1200&per_day=100"],
    "/v1/plan/forecast": ["/v1/plan/forecast", "/v1/plan/forecast?by=store&period=week", "/v1/plan/forecast?by=channel&measure=orders&period=day&horizon=28"],
    "/v1/products/{}": [`/v1/products/${product}`],
    "/v1/recommendations": [`/v1/recommendations?customer=${customer}&explain=true`],
    "/v1/sendings/{}": ["/v1/sendings/se_5b1e", "/v1/sendings/se_93aa"],
    "/v1/sendings/{}/preview": ["/v1/sendings/se_0c77/preview"],
    "/v1/search": [`/v1/search?q=${encodeURIComponent("5000元以下 16G 轻薄本")}`, `/v1/search?q=${encodeURIComponent("怎么退货")}&in=documents`],
    "/v1/search/suggest": ["/v1/search/suggest?q=fj"],
    "/v1/segments/map/near": ["/v1/segments/map/near?x=30000&y=30000&n=5"],
    "/v1/segments/{}/customers": ["/v1/segments/g2/customers"],
    "/v1/seq2seq/{}/curve": ["/v1/seq2seq/titles/curve"],
    "/v1/similar": [`/v1/similar?product=${product}`],
    "/v1/words": [`/v1/words?word=${encodeURIComponent("屏幕")}`],
    "/v1/words/analogy": [`/v1/words/analogy?a=${a}&b=${b}&c=${c}`],
  };
  /** What other programs ask for, or what is a file or a stream. */
  const ELSEWHERE = ["/v1/popular", "/v1/after-sales/held-back", "/v1/plan/crowd", "/v1/plan/promotions", "/v1/decisions/{}/customers", "/v1/reports/days", "/v1/reports/campaigns/{}", "/v1/reports/kept/{}", "/v1/sendings/{}/file", "/v1/import/{}/rejects/{}", "/v1/audiences/{}/export", "/v1/content/drafts/export", "/v1/content/campaign", "/v1/jobs/{}/file", "/v1/chat/{}/messages", "/v1/chat/{}/stream", "/v1/channels/{}", "/v1/desk/stream"];
  const found: string[] = [];
  for (const [path, methods] of paths) {
    if (!path.startsWith("/v1") || methods.get === undefined || ELSEWHERE.includes(path)) continue;
    const schema = Object.values(methods.get.responses["200"]?.content ?? {})[0]!.schema;
    for (const address of asked[path] ?? [path]) {
      const answer = await ask(address, { headers });
      if (answer.ok) found.push(...faults(await answer.json(), schema, path));
      else found.push(`${address}: ${answer.status}`);
    }
  }
  const posted: Record<string, object[]> = {
    "/v1/plan/budget": [{ weeks: 4 }, { weeks: 8, budget_cents: 150_000_000, bounds: [{ channel: "search_ads", floor_cents: 1_000_000, ceiling_cents: null }] }],
    "/v1/questions": [{ text: "各品牌的销售额同比" }, { text: "trend" }, { text: "flubber" }, { text: "今天该做什么" }],
    "/v1/plan/launch-desk": [{ product_id: decodeURIComponent(product), stock: 120 }, { category: "Computers/Laptops", launch_on: "2027-01-15", price_cents: 699_900 }],
    "/v1/plan/markdown": [{ product_id: decodeURIComponent(product), weeks: 8, stock: 120, lowest: 0.6, salvage: 0.2 }],
  };
  for (const [path, bodies] of Object.entries(posted)) {
    const operation = paths.get(path)?.post;
    for (const body of operation === undefined ? [] : bodies) {
      const answer = await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
      found.push(...faults(await answer.json(), Object.values(operation!.responses["200"]!.content!)[0]!.schema, path));
    }
  }
  mock.close();
  const told = new Set(found.map((one) => one.replace(/\[\d+\]/g, "[]").replace(" is not documented", "")));
  expect([...told]).toEqual([]);
});
