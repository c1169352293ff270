// What fingers, mouse, wheel and keys do to the view of a map: one pointer drags, two pinch, a press that hardly moves is a
// pick. Knows neither the page nor what is drawn. Pure.
import { held, moved, WHOLE, zoomed, type View } from "./map";

export interface Place {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** How far a press may travel, in pixels, and still be a pick. */
export const STILL = 5;
/** Pixels that an arrow key moves the map by. */
const STEP = 60;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };

export const middleOf = ({ width, height }: Size): Place => ({ x: width / 2, y: height / 2 });

/** Enlarges about the middle of the frame. */
export const enlarged = (view: View, size: Size, factor: number): View => zoomed(view, factor, size.width, size.height, size.width / 2, size.height / 2);

/** A turn of the wheel; some mice report a hundred times what others do. */
export function wheeled(view: View, size: Size, delta: number, at: Place): View {
  return zoomed(view, Math.exp(-Math.max(-120, Math.min(120, delta)) * 0.0025), size.width, size.height, at.x, at.y);
}

/** The view after a key, `"pick"` where it asks for what is in the middle, `null` where it means nothing here. */
export function keyed(view: View, size: Size, key: string): View | "pick" | null {
  const by = ARROWS[key];
  if (by !== undefined) return moved(view, size.width, size.height, ...by);
  if (key === "+" || key === "=") return enlarged(view, size, 1.4);
  if (key === "-") return enlarged(view, size, 1 / 1.4);
  if (key === "0") return held(WHOLE);
  return key === "Enter" ? "pick" : null;
}

/** The pointers that are down, by their ids. */
export class Pointers {
  private readonly down = new Map<number, Place>();
  private travelled = 0;

  press(id: number, place: Place): void {
    this.down.set(id, place);
    if (this.down.size === 1) this.travelled = 0;
  }

  /** The view after a pointer moved; `null` if it was not down. */
  move(id: number, place: Place, view: View, size: Size): View | null {
    const before = this.down.get(id);
    if (before === undefined) return null;
    const other = [...this.down].find(([one]) => one !== id)?.[1];
    this.down.set(id, place);
    this.travelled += Math.abs(place.x - before.x) + Math.abs(place.y - before.y);
    if (other === undefined) return moved(view, size.width, size.height, place.x - before.x, place.y - before.y);
    const apart = (one: Place): number => Math.hypot(one.x - other.x, one.y - other.y) || 1;
    return zoomed(view, apart(place) / apart(before), size.width, size.height, (place.x + other.x) / 2, (place.y + other.y) / 2);
  }

  /** Whether the pointer that goes up was the last one and had stayed where it was. */
  lift(id: number): boolean {
    return this.down.delete(id) && this.down.size === 0 && this.travelled < STILL;
  }
}
