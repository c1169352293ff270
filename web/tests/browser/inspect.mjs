// What can be wrong with a page, found inside the browser. Each function runs in the page and returns findings as text.
// Styles are asked for once an element, however many texts stand in it.

/** Anything wider than the window, and text cut off without an ellipsis; of a part, or of the page. */
export function overflow(within = document.body) {
  const findings = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) findings.push(`the document is ${root.scrollWidth} px wide in a window of ${root.clientWidth}`);
  const describe = (element) => `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}"> “${element.textContent.trim().slice(0, 40)}”`;
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
  const known = new Map();
  /** The element itself or the nearest around it that cuts off what reaches beyond it. */
  const frameOf = (element) => {
    if (element === null || element === document.body) return null;
    if (!known.has(element)) {
      const style = getComputedStyle(element);
      const cuts = ["hidden", "clip"].includes(style.overflowX) && style.textOverflow !== "ellipsis";
      known.set(element, cuts ? element : frameOf(element.parentElement));
    }
    return known.get(element);
  };
  for (const element of within.querySelectorAll("*")) {
    if (!hasText(element) || element.closest(".visually-hidden, .table-scroll, .scroll, .chips, .skip, .sr, option, script, noscript, [hidden]")) continue;
    if (element.checkVisibility && !element.checkVisibility()) continue;
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    if (box.right > root.clientWidth + 1 || box.left < -1) findings.push(`${describe(element)} reaches beyond the window: ${Math.round(box.left)}–${Math.round(box.right)}`);
    const cutting = frameOf(element);
    if (cutting === null) continue;
    const range = document.createRange();
    range.selectNodeContents(element);
    const text = range.getBoundingClientRect();
    const frame = cutting.getBoundingClientRect();
    if (text.right > frame.right + 1.5 || text.left < frame.left - 1.5) findings.push(`${describe(element)} is cut off`);
  }
  for (const element of within.querySelectorAll("button, .button, .badge")) {
    if (element.closest(".visually-hidden, .table-scroll, .scroll, .chips")) continue;
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) findings.push(`${describe(element)} is too narrow for its text`);
  }
  return findings;
}

/** Text with less contrast than WCAG AA asks for. */
export function contrast(within = document.body) {
  // A colour on its way from one state to another is not what anybody reads.
  for (const animation of document.getAnimations()) if (Number.isFinite(animation.effect?.getComputedTiming().endTime)) animation.finish();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  // Reading a pixel back is the dearest step of all, and a page has few colours.
  const known = new Map();
  const rgba = (color) => {
    if (!known.has(color)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      known.set(color, [...context.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(color);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r, g, b].map((value, at) => (value * a + [R, G, B][at] * (255 - a)) / 255).concat(255);
  const luminance = (color) => {
    const [r, g, b] = color.map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const grounds = new Map();
  const background = (element) => {
    if (element === null) return [255, 255, 255, 255];
    if (!grounds.has(element)) {
      const color = rgba(getComputedStyle(element).backgroundColor);
      grounds.set(element, color[3] === 255 ? color : over(color, background(element.parentElement)));
    }
    return grounds.get(element);
  };
  const findings = new Set();
  for (const element of within.querySelectorAll("*")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "")) continue;
    if (element.closest(".visually-hidden, :disabled, [aria-hidden=true], .skip, .sr, option, script, noscript")) continue;
    if (element.checkVisibility && !element.checkVisibility({ opacityProperty: true })) continue;
    const style = getComputedStyle(element);
    const below = background(element);
    const [a, b] = [luminance(over(rgba(style.color), below)), luminance(below)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) findings.add(`contrast ${ratio.toFixed(2)} of <${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}"> “${element.textContent.trim().slice(0, 30)}”`);
  }
  return [...findings];
}

/** Controls without a name, pages without a heading, ids used twice. */
export function accessibility() {
  const findings = [];
  for (const control of document.querySelectorAll("input, select, textarea, button, a[href]")) {
    const named = control.labels?.length > 0 || control.getAttribute("aria-label") || control.getAttribute("aria-labelledby") || control.textContent.trim() !== "";
    if (!named) findings.push(`no name: ${control.outerHTML.slice(0, 120)}`);
  }
  if (document.querySelectorAll("h1").length !== 1) findings.push(`${document.querySelectorAll("h1").length} headings of the first level`);
  if (document.querySelectorAll("main").length !== 1) findings.push("not exactly one main region");
  const seen = new Set();
  for (const { id } of document.querySelectorAll("[id]")) {
    if (seen.has(id)) findings.push(`the id '${id}' is used twice`);
    seen.add(id);
  }
  return findings;
}

/** Texts that stand in the other language's dictionary, word for word. */
export function untranslated(foreign) {
  const words = new Set(foreign);
  const findings = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement?.closest("script, noscript, code, pre, [translate=no], .names, .words a")) continue;
    const text = node.textContent.trim();
    if (words.has(text)) findings.add(`not translated: “${text}”`);
  }
  for (const element of document.querySelectorAll("[aria-label], [placeholder], [title]")) {
    for (const name of ["aria-label", "placeholder", "title"]) {
      const text = element.getAttribute(name);
      if (text !== null && words.has(text)) findings.add(`not translated: ${name}=“${text}”`);
    }
  }
  return [...findings];
}
