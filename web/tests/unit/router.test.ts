// Addresses to pages and back.
import { expect, test } from "vitest";
import { audiencePath, campaignPath, customerPath, draftPath, groupPath, matchRoute, offsetIn, productPath, safeReturnPath, searchWith } from "../../src/lib/router.svelte";

test.each([
  ["/", { page: "overview" }],
  ["/products", { page: "products" }],
  ["/products/", { page: "products" }],
  ["/products/SKU%2F004%20%CE%B2", { page: "product", id: "SKU/004 β" }],
  ["/customers/a%40b", { page: "customer", id: "a@b" }],
  ["/groups", { page: "groups" }],
  ["/groups/g1", { page: "group", id: "g1" }],
  ["/forecast", { page: "forecast" }],
  ["/campaigns", { page: "campaigns" }],
  ["/campaigns/618%20%E9%A2%84%E7%83%AD", { page: "campaign", id: "618 预热" }],
  ["/budget/x", { page: "missing", path: "/budget/x" }],
  ["/studio", { page: "studio" }],
  ["/studio/drafts", { page: "drafts" }],
  ["/studio/drafts/d%2F1", { page: "draft", id: "d/1" }],
  ["/studio/check", { page: "check" }],
  ["/studio/rules", { page: "rules" }],
  ["/studio/other", { page: "missing", path: "/studio/other" }],
  ["/studio/drafts/1/2", { page: "missing", path: "/studio/drafts/1/2" }],
  ["/studio/drafts/%E0%A4%A", { page: "missing", path: "/studio/drafts/%E0%A4%A" }],
  ["/audiences/new", { page: "audience", id: "new" }],
  ["/models/x", { page: "missing", path: "/models/x" }],
  ["/products/1/2", { page: "missing", path: "/products/1/2" }],
  ["/products/%E0%A4%A", { page: "missing", path: "/products/%E0%A4%A" }],
  ["/nowhere", { page: "missing", path: "/nowhere" }],
])("%s", (path, route) => expect(matchRoute(path)).toEqual(route));

test.each(["plain", "SKU/004 β", "100% sure?", "a#b", "..", "中文"])("ids survive the address: %s", (id) => {
  expect(matchRoute(productPath(id))).toEqual({ page: "product", id });
  expect(matchRoute(customerPath(id))).toEqual({ page: "customer", id });
  expect(matchRoute(groupPath(id))).toEqual({ page: "group", id });
  expect(matchRoute(draftPath(id))).toEqual({ page: "draft", id });
  expect(matchRoute(campaignPath(id))).toEqual({ page: "campaign", id });
  expect(matchRoute(audiencePath(id))).toEqual({ page: "audience", id });
});

test.each([
  ["?a=1&b=2", { a: null, c: "x" }, "?b=2&c=x"],
  ["?a=1", { a: "" }, ""],
  ["", { q: "降噪 耳机" }, "?q=%E9%99%8D%E5%99%AA+%E8%80%B3%E6%9C%BA"],
])("query %s", (search, changes, expected) => expect(searchWith(search, changes)).toBe(expected));

test.each([
  ["/products?sort=name", "/products?sort=name"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example", "/"],
  ["/login?next=/", "/"],
  [null, "/"],
])("returns only within the console: %s", (path, expected) => expect(safeReturnPath(path)).toBe(expected));

test.each([
  ["", 0],
  ["?offset=25", 25],
  ["?offset=25.9&sort=name", 25],
  ["?offset=-25", 0],
  ["?offset=next", 0],
  ["?offset=1e999", 0],
  ["?offset=", 0],
])("the place in a list: %s", (search, offset) => expect(offsetIn(search)).toBe(offset));
