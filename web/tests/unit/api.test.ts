// What the console asks for and reads is what the service's OpenAPI document has: each path, each field of each answer.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

/** The document has one schema for the members of groups and of audiences, and these are those of groups alone. */
const ONE_NAME_FOR_TWO = new Set(["GET /v1/segments/map/near.items[].segment", "GET /v1/segments/{}/customers.items[].rfm", "GET /v1/audiences/{}/customers.items[].rfm"]);

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

test("every path and every field that the console reads is documented", () => {
  const file = here("../../src/lib/api.ts");
  const program = ts.createProgram([file], { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [], skipLibCheck: true });
  const checker = program.getTypeChecker();
  const found: string[] = [];
  let n_calls = 0;
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return;
    const called = node.expression.text;
    if (!["get", "request", "ask"].includes(called)) return;
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
  const api = program.getSourceFile(file)!.statements.find((one) => ts.isVariableStatement(one) && one.declarationList.declarations[0]?.name.getText() === "api");
  visit(api!);
  expect(n_calls).toBeGreaterThan(40);
  expect(found.filter((field) => !ONE_NAME_FOR_TWO.has(field))).toEqual([]);
});
