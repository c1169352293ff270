// What pointers, wheel and keys do to a map's view.
import { expect, test } from "vitest";
import { enlarged, keyed, middleOf, Pointers, STILL, wheeled } from "../../src/charts/gestures";
import { MAX_ZOOM, moved, toMap, toScreen, WHOLE } from "../../src/charts/map";

const SIZE = { width: 800, height: 500 };
const NEAR = { x: 0.4, y: 0.6, zoom: 8 };

test("one pointer drags what is under it along", () => {
  const pointers = new Pointers();
  pointers.press(1, { x: 100, y: 100 });
  const after = pointers.move(1, { x: 130, y: 90 }, NEAR, SIZE);
  expect(after).toEqual(moved(NEAR, 800, 500, 30, -10));
  expect(pointers.lift(1)).toBe(false);
});

test("a pointer that is not down moves nothing, and lifting it picks nothing", () => {
  const pointers = new Pointers();
  expect(pointers.move(7, { x: 1, y: 1 }, NEAR, SIZE)).toBeNull();
  expect(pointers.lift(7)).toBe(false);
});

test("two pointers pinch: twice as far apart is twice as large, and what lies between them stays", () => {
  const pointers = new Pointers();
  pointers.press(1, { x: 350, y: 250 });
  pointers.press(2, { x: 450, y: 250 });
  const before = toMap(NEAR, 800, 500, 450, 250);
  const after = pointers.move(2, { x: 550, y: 250 }, NEAR, SIZE);
  expect(after?.zoom).toBeCloseTo(16, 9);
  const [x, y] = toScreen(after!, 800, 500, ...before);
  expect([Math.round(x), Math.round(y)]).toEqual([450, 250]);
  // Neither finger of a pinch picks, and the one that remains drags.
  expect(pointers.lift(2)).toBe(false);
  expect(pointers.move(1, { x: 351, y: 250 }, NEAR, SIZE)).toEqual(moved(NEAR, 800, 500, 1, 0));
  expect(pointers.lift(1)).toBe(false);
});

test("pointers at one place are no reason for an endless zoom", () => {
  const pointers = new Pointers();
  pointers.press(1, { x: 10, y: 10 });
  pointers.press(2, { x: 10, y: 10 });
  const after = pointers.move(2, { x: 400, y: 10 }, NEAR, SIZE)!;
  expect([after.zoom, Number.isFinite(after.x), Number.isFinite(after.y)]).toEqual([MAX_ZOOM, true, true]);
});

test("a press that hardly moves is a pick, and the next press begins anew", () => {
  const pointers = new Pointers();
  for (const [way, still] of [[STILL - 1, true], [STILL, false], [0, true]] as const) {
    pointers.press(1, { x: 10, y: 10 });
    pointers.move(1, { x: 10 + way, y: 10 }, WHOLE, SIZE);
    expect(pointers.lift(1)).toBe(still);
  }
  // Back where it began is a drag all the same.
  pointers.press(1, { x: 10, y: 10 });
  pointers.move(1, { x: 20, y: 10 }, WHOLE, SIZE);
  pointers.move(1, { x: 10, y: 10 }, WHOLE, SIZE);
  expect(pointers.lift(1)).toBe(false);
});

test("the wheel enlarges about the mouse, and no single turn leaps", () => {
  const at = { x: 600, y: 100 };
  const before = toMap(WHOLE, 800, 500, at.x, at.y);
  const after = wheeled(WHOLE, SIZE, -100, at);
  expect(after.zoom).toBeCloseTo(Math.exp(0.25), 9);
  expect(toScreen(after, 800, 500, ...before).map(Math.round)).toEqual([600, 100]);
  expect(wheeled(WHOLE, SIZE, -1e6, at)).toEqual(wheeled(WHOLE, SIZE, -120, at));
  expect(wheeled(WHOLE, SIZE, 500, at)).toEqual(WHOLE);
});

test("keys move, enlarge, show the whole, ask for the middle, and leave the rest to the page", () => {
  expect(keyed(NEAR, SIZE, "ArrowLeft")).toEqual(moved(NEAR, 800, 500, 60, 0));
  expect(keyed(NEAR, SIZE, "ArrowDown")).toEqual(moved(NEAR, 800, 500, 0, -60));
  expect(keyed(NEAR, SIZE, "=")).toEqual(enlarged(NEAR, SIZE, 1.4));
  expect(keyed(keyed(NEAR, SIZE, "+") as typeof NEAR, SIZE, "-")).toEqual({ x: expect.closeTo(NEAR.x, 9), y: expect.closeTo(NEAR.y, 9), zoom: expect.closeTo(8, 9) });
  expect([keyed(NEAR, SIZE, "0"), keyed(NEAR, SIZE, "Enter"), keyed(NEAR, SIZE, "Tab")]).toEqual([WHOLE, "pick", null]);
  expect(middleOf(SIZE)).toEqual({ x: 400, y: 250 });
});
