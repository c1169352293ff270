// How channels count what is written: as crates/content/src/channel/count.rs does, so that a counter moves while somebody
// types. The service's own check decides. Pure.
import type { Count, FieldCard } from "./content";

const GSM_SIGNS = new Set("@£$¥\n\r_!\"#¤%&'()*+,-./:;<=>?¡¿ §èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà");
const GSM_DOUBLE = new Set("^{}\\[~]|€");
const GSM_MAX = 160;

const isGsm = (text: string): boolean => Array.from(text).every((one) => /^[A-Za-z0-9]$/.test(one) || GSM_SIGNS.has(one) || GSM_DOUBLE.has(one));

const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], [0x2014, 0x2014], [0x2018, 0x201d], [0x2026, 0x2026], [0x2e80, 0x303e], [0x3041, 0x33ff], [0x3400, 0x4dbf], [0x4e00, 0x9fff], [0xa000, 0xa4cf],
  [0xac00, 0xd7a3], [0xf900, 0xfaff], [0xfe30, 0xfe6f], [0xff00, 0xff60], [0xffe0, 0xffe6], [0x1f000, 0x1faff], [0x20000, 0x3fffd],
];
const isWide = (letter: string): boolean => {
  const code = letter.codePointAt(0)!;
  return WIDE.some(([from, to]) => code >= from && code <= to);
};

/** How long a text is to a channel. */
export function counted(text: string, count: Count): number {
  const letters = Array.from(text);
  if (count === "wide2") return letters.reduce((sum, one) => sum + (isWide(one) ? 2 : 1), 0);
  if (count === "sms") return isGsm(text) ? letters.reduce((sum, one) => sum + (GSM_DOUBLE.has(one) ? 2 : 1), 0) : text.length;
  return letters.length;
}

/** The limit that holds for this text: a text message in plain Latin letters may be longer. */
export const maxFor = (text: string, card: Pick<FieldCard, "max" | "count">): number => (card.count === "sms" && isGsm(text) ? Math.max(GSM_MAX, card.max) : card.max);
