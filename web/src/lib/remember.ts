// A few choices kept in the browser. Storage may be blocked; then nothing is remembered and nothing fails.

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`tercet.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`tercet.${name}`);
    else localStorage.setItem(`tercet.${name}`, value);
  } catch {
    // See above.
  }
}
