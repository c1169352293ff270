// Elements from words. Text becomes text nodes and nothing else: there is no way from a string to markup here.

type Child = Node | string | null | undefined | false;
type Props = Record<string, string | number | boolean | null | undefined | ((event: never) => void)>;

/** An element; a property that is a function listens, one that is false or missing is left out. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props | null, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value as unknown as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  put(element, children);
  return element;
}

export function put(parent: Node, children: readonly Child[]): void {
  for (const child of children) if (child !== null && child !== undefined && child !== false) parent.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
}

const PATHS = {
  chat: "M4 5.5h16v11h-8l-4.5 3.6v-3.6H4z",
  close: "M6 6l12 12M18 6L6 18",
  down: "M5 9l7 7 7-7",
  send: "M5 12h13M12.5 6l6 6-6 6",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  up: "M7.5 11v8.5H4.6V11zM7.5 11l3.6-6.7c1.4 0 2 1 1.8 2.2L12.4 10h5.4c1 0 1.6.9 1.4 1.8l-1.5 6.3c-.2.8-.8 1.4-1.7 1.4H7.5",
  person: "M12 11.6a3.7 3.7 0 1 0 0-7.4 3.7 3.7 0 0 0 0 7.4zM4.8 20c.7-3.6 3.4-5.6 7.2-5.6s6.5 2 7.2 5.6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  star: "M12 4l2.5 5 5.5.8-4 3.9 1 5.4-5-2.6-5 2.6 1-5.4-4-3.9 5.5-.8z",
} as const;

export function icon(name: keyof typeof PATHS, size = 20): SVGSVGElement {
  const make = (tag: string, attributes: Record<string, string>): SVGElement => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const svg = make("svg", { width: String(size), height: String(size), viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": name === "more" ? "2.6" : "1.8", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", class: `icon-${name}` });
  svg.appendChild(make("path", { d: PATHS[name] }));
  return svg as SVGSVGElement;
}
