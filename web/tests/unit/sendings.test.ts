// What may be done with a sending, how far it is, and why customers are left out of it.
import { expect, test } from "vitest";
import { doneOf, fileOf, leftOut, movesOf, STATES, type SendingCount, type SendingState } from "../../src/lib/sendings";

test("what is over cannot be moved, and only a draft is approved", () => {
  const of = (state: SendingState, counts: SendingCount[] = []): string[] => movesOf({ state, counts });
  expect(STATES.filter((state) => of(state).length === 0)).toEqual(["sent", "cancelled"]);
  expect(STATES.filter((state) => of(state).includes("approve"))).toEqual(["draft"]);
  expect(STATES.filter((state) => of(state).includes("resume"))).toEqual(["paused"]);
  const failed = (reason: string): SendingCount[] => [{ way: "sms", state: "failed", reason, text: null, n: 2 }];
  expect(STATES.filter((state) => of(state, failed("failed")).includes("retry"))).toEqual(["sent"]);
  expect(of("sent", failed("returned"))).toEqual([]);
});

test("reasons of all ways are one list, the commonest first; who was sent to or waits has none", () => {
  const one = (way: string, state: SendingCount["state"], reason: string | null, n: number): SendingCount => ({ way, state, reason, text: null, n });
  const counts = [one("sms", "left_out", "rests", 2), one("email", "left_out", "rests", 3), one("email", "unknown", "unknown", 4), one("email", "sent", null, 90), one("sms", "failed", "failed", 4)];
  expect(leftOut(counts).map(({ reason, n }) => [reason, n])).toEqual([["rests", 5], ["failed", 4], ["unknown", 4]]);
  expect(leftOut([])).toEqual([]);
});

test("nothing of nobody is done", () => {
  expect(doneOf({ n_listed: 0, n_left: 0 })).toBe(0);
  expect(doneOf({ n_listed: 4, n_left: 1 })).toBe(0.75);
  expect(fileOf("se_/1")).toBe("/v1/sendings/se_%2F1/file");
});
