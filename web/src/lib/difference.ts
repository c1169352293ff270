// What two texts have in common, and what each has alone, word by word. The longest common subsequence (Hunt and Szymanski's
// problem, by the plain table): texts of a copy are short. Pure.

export interface Part {
  text: string;
  /** Only here. */
  own: boolean;
}

/** Beyond so many pairs of words the table is not made. */
const PAIRS_MAX = 4_000_000;

/** Chinese characters one by one, words and numbers whole, what stands between them. */
export const wordsOf = (text: string): string[] => text.match(/\p{Script=Han}|[\p{L}\p{N}]+(?:[.'’-][\p{L}\p{N}]+)*|\s+|[^\s]/gu) ?? [];

function joined(words: readonly string[], shared: readonly boolean[]): Part[] {
  const parts: Part[] = [];
  words.forEach((word, at) => {
    const last = parts.at(-1);
    if (last !== undefined && last.own === !shared[at]) last.text += word;
    else parts.push({ text: word, own: !shared[at] });
  });
  return parts;
}

/** Both texts in parts, those the other has not marked. */
export function difference(a: string, b: string): [Part[], Part[]] {
  const [left, right] = [wordsOf(a), wordsOf(b)];
  if (left.length * right.length > PAIRS_MAX) return [[{ text: a, own: a !== b }], [{ text: b, own: a !== b }]];
  const width = right.length + 1;
  const longest = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = left[i] === right[j] ? longest[(i + 1) * width + j + 1]! + 1 : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!);
    }
  }
  const [inLeft, inRight] = [left.map(() => false), right.map(() => false)];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    if (left[i] === right[j]) [inLeft[i++], inRight[j++]] = [true, true];
    else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!) i += 1;
    else j += 1;
  }
  return [joined(left, inLeft), joined(right, inRight)];
}
