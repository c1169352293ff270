// What the tests of the chat widget share: how Chromium is started, and what is looked for in the widget as it stands.
export const CHROMIUM = process.env.TERCET_CHROMIUM ?? "/usr/bin/chromium";
export const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** What is wrong with the widget as it stands: too wide, too faint, without a name. The page must have `window.probes`. */
export async function faults(page) {
  return page.evaluate(() => {
    const root = document.querySelector("tercet-chat").shadowRoot;
    const found = [...window.probes.overflow(root), ...window.probes.contrast(root)];
    for (const control of root.querySelectorAll("button, a[href], input, textarea")) {
      if (!control.checkVisibility()) continue;
      if (!(control.labels?.length > 0) && !control.getAttribute("aria-label") && control.textContent.trim() === "") found.push(`no name: ${control.outerHTML.slice(0, 100)}`);
      const box = control.getBoundingClientRect();
      if (control.localName === "button" && !control.matches(".cite, .meta button") && (box.width < 24 || box.height < 24)) found.push(`too small to touch: ${control.outerHTML.slice(0, 100)} ${box.width}×${box.height}`);
    }
    const log = root.querySelector(".log");
    if (log.scrollWidth > log.clientWidth) found.push(`the conversation is ${log.scrollWidth} px wide in ${log.clientWidth}`);
    return found;
  });
}
