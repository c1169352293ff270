// The design tokens as ECharts needs them: it paints on a canvas, which knows no CSS variables.
export interface Palette {
  text: string;
  muted: string;
  border: string;
  surface: string;
  accent: string;
  good: string;
  bad: string;
  series: string[];
  groups: string[];
  /** For those of a fixed list that come after the last colour. */
  beyond: string;
  font: string;
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: token("text"),
    muted: token("text-muted"),
    border: token("border"),
    surface: token("surface"),
    accent: token("accent"),
    good: token("good"),
    bad: token("bad"),
    series: [1, 2, 3, 4, 5, 6].map((n) => token(`series-${n}`)),
    groups: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => token(`group-${n}`)),
    beyond: token("group-beyond"),
    font: token("font-text"),
  };
}

/** A tooltip built from elements: markup with inline styles would be refused by the page's security policy. */
export function tooltipElement(title: string, rows: { color?: string; label: string; value: string }[]): HTMLElement {
  const box = document.createElement("div");
  box.className = "chart-tooltip";
  const head = box.appendChild(document.createElement("div"));
  head.className = "chart-tooltip-title";
  head.textContent = title;
  for (const { color, label, value } of rows) {
    const row = box.appendChild(document.createElement("div"));
    row.className = "chart-tooltip-row";
    if (color !== undefined) {
      const dot = row.appendChild(document.createElement("i"));
      dot.style.background = color;
    }
    row.appendChild(document.createElement("span")).textContent = label;
    row.appendChild(document.createElement("b")).textContent = value;
  }
  return box;
}
