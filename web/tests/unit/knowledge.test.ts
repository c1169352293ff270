// Documents of customer service: names of chosen files, what an import tells, the addresses of their pages.
import { expect, test } from "vitest";
import { isTable, nameOf, rowsOf } from "../../src/lib/knowledge";
import { documentPath, matchRoute } from "../../src/lib/router.svelte";
import type { Job } from "../../src/lib/types";

test("a chosen folder gives the names that an import of it gives", () => {
  expect(nameOf({ name: "a.md" })).toBe("a.md");
  expect(nameOf({ name: "a.md", webkitRelativePath: "" })).toBe("a.md");
  expect(nameOf({ name: "a.md", webkitRelativePath: "manuals/phones/a.md" })).toBe("phones/a.md");
  expect(["a.csv", "b.TSV", "c.md", "csv"].map(isTable)).toEqual([true, true, false, false]);
});

test("the rows of an import are added up", () => {
  const job = (result: unknown): Job => ({ id: "j", kind: "import", state: "done", created_at: 0, result });
  expect(rowsOf(job({ files: [{ rows_kept: 2, rows_rejected: 1 }, { rows_kept: 3 }] }))).toEqual({ kept: 5, rejected: 1, before: false });
  expect(rowsOf(job({ files: [{ already_imported_as: "a.csv" }] })).before).toBe(true);
  expect(rowsOf(job(null))).toEqual({ kept: 0, rejected: 0, before: false });
});

test("a document's address holds its whole id", () => {
  const id = "phones/安装 #1?.html";
  expect(matchRoute(documentPath(id))).toEqual({ page: "document", id });
  expect(matchRoute("/knowledge")).toEqual({ page: "knowledge" });
  expect(matchRoute("/knowledge/a/b").page).toBe("missing");
});
