// A few choices kept in the browser. Storage may be blocked; then nothing is remembered and nothing fails.

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`tercet.${name}`);
  } catch {
    return null;
  }
}

/** The same for one tab only; a new tab begins with what the last one chose. */
export function recallInTab(name: string): string | null {
  try {
    return sessionStorage.getItem(`tercet.${name}`) ?? recall(name);
  } catch {
    return null;
  }
}

export function rememberInTab(name: string, value: string | null): void {
  remember(name, value);
  try {
    if (value === null) sessionStorage.removeItem(`tercet.${name}`);
    else sessionStorage.setItem(`tercet.${name}`, value);
  } catch {
    // See above.
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
