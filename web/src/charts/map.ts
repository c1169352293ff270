// The map of customers: whole numbers to places on the screen and back, panning and zooming. Pure.

/** The largest coordinate; the smallest is 0. */
export const SPAN = 65_535;
export const MAX_ZOOM = 60;
/** Room around the outermost customers, as a part of the frame. */
const MARGIN = 0.04;

/** The middle of what is seen, between 0 and 1 along each axis, and how much it is enlarged. */
export interface View {
  x: number;
  y: number;
  zoom: number;
}

export const WHOLE: View = { x: 0.5, y: 0.5, zoom: 1 };

const stretch = (view: View): number => view.zoom * (1 - 2 * MARGIN);

/** Where on a frame of `width` by `height` a customer stands; the second axis grows upwards. */
export function toScreen(view: View, width: number, height: number, x: number, y: number): [number, number] {
  const by = stretch(view);
  return [width * (0.5 + (x / SPAN - view.x) * by), height * (0.5 - (y / SPAN - view.y) * by)];
}

/** The nearest whole coordinates to a place of the frame; never beyond the map. */
export function toMap(view: View, width: number, height: number, px: number, py: number): [number, number] {
  const by = stretch(view);
  const whole = (share: number): number => Math.max(0, Math.min(SPAN, Math.round(share * SPAN)));
  return [whole(view.x + (px / width - 0.5) / by), whole(view.y - (py / height - 0.5) / by)];
}

/** A view that does not leave the map. */
export function held(view: View): View {
  const zoom = Math.max(1, Math.min(MAX_ZOOM, view.zoom));
  const reach = 0.5 - 0.5 / zoom;
  const hold = (at: number): number => Math.max(0.5 - reach, Math.min(0.5 + reach, at));
  return { x: hold(view.x), y: hold(view.y), zoom };
}

/** Enlarges by `factor` so that what is under (px, py) stays there. */
export function zoomed(view: View, factor: number, width: number, height: number, px: number, py: number): View {
  const zoom = Math.max(1, Math.min(MAX_ZOOM, view.zoom * factor));
  const next = { ...view, zoom };
  const [dx, dy] = [px / width - 0.5, py / height - 0.5];
  const [before, after] = [stretch(view), stretch(next)];
  return held({ x: view.x + dx / before - dx / after, y: view.y - dy / before + dy / after, zoom });
}

export function moved(view: View, width: number, height: number, dx: number, dy: number): View {
  const by = stretch(view);
  return held({ ...view, x: view.x - dx / width / by, y: view.y + dy / height / by });
}

/** Columns of whole numbers packed for drawing: x, y and group of each point in turn. */
export function packed(x: readonly number[], y: readonly number[], group: readonly number[]): Uint16Array<ArrayBuffer> {
  const n = Math.min(x.length, y.length, group.length);
  const points = new Uint16Array(n * 3);
  for (let at = 0; at < n; at += 1) {
    points[at * 3] = x[at]!;
    points[at * 3 + 1] = y[at]!;
    points[at * 3 + 2] = Math.max(0, group[at]!);
  }
  return points;
}

/** Labels moved down until none covers another; the earlier keep their places. */
export function spread(labels: readonly { x: number; y: number; width: number }[], height: number): { x: number; y: number }[] {
  const placed: { x: number; y: number; width: number }[] = [];
  for (const { x, y, width } of labels) {
    let at = y;
    for (let tries = 0; tries < labels.length; tries += 1) {
      const hit = placed.find((one) => Math.abs(one.x - x) < (one.width + width) / 2 + 4 && Math.abs(one.y - at) < height);
      if (hit === undefined) break;
      at = hit.y + height;
    }
    placed.push({ x, y: at, width });
  }
  return placed;
}

/** `#rrggbb` as three numbers between 0 and 1. */
export function rgbOf(color: string): [number, number, number] {
  const hex = /^#([0-9a-f]{6})$/i.exec(color.trim())?.[1] ?? "888888";
  const part = (at: number): number => parseInt(hex.slice(at, at + 2), 16) / 255;
  return [part(0), part(2), part(4)];
}
