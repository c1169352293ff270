// The demo page in two languages. The key and the rest come from its own address, as `?key=…&lang=en&product=…&token=…`; the widget
// is put onto it by its script tag, as any shop would.
(() => {
  const TEXTS = {
    zh: {
      brand: "青禾数码", nav: "导航", products: "在售商品", service: "服务承诺", title: "好用的数码，好好地卖。", lead: "笔记本、手机、耳机与配件。挑选、下单、退换，随时可以问右下角的客服。",
      ask: "问问客服", promise: "问题先由自动助手回答，并注明依据；需要时转给人工。", settings: "演示设置", key: "密钥（范围 converse）", product: "本页商品编号", token: "顾客令牌（登录后的顾客）", currency: "货币代码",
      apply: "应用", missing: "还没有密钥：请在“演示设置”中填写，客服随即出现。", foot: "此页仅用于演示。", other: "English",
    },
    en: {
      brand: "Greenleaf Digital", nav: "Navigation", products: "On sale", service: "Our service", title: "Good devices, fairly sold.", lead: "Notebooks, phones, headphones and what goes with them. Choosing, ordering, returning: ask the chat at the lower right at any time.",
      ask: "Ask us", promise: "An automatic assistant answers first and names its sources; a person takes over when needed.", settings: "Demo settings", key: "Key (scope converse)", product: "Id of this page's product", token: "Customer token (signed-in customer)", currency: "Currency code",
      apply: "Apply", missing: "No key yet: enter one under “Demo settings” and the chat appears.", foot: "This page is for demonstration only.", other: "中文",
    },
  };
  const GOODS = [
    { zh: "轻薄笔记本", en: "Thin notebook", zhNote: "14 英寸 · 16 GB · 512 GB", enNote: "14-inch · 16 GB · 512 GB", path: "M6 8h36v22H6zM2 36h44l-3 4H5z" },
    { zh: "旗舰手机", en: "Flagship phone", zhNote: "6.7 英寸 · 256 GB", enNote: "6.7-inch · 256 GB", path: "M15 4h18v40H15zM22 39h4" },
    { zh: "降噪耳机", en: "Noise-cancelling headphones", zhNote: "头戴式 · 40 小时", enNote: "Over-ear · 40 hours", path: "M8 30v-6a16 16 0 0 1 32 0v6M8 28h7v12H8zM33 28h7v12h-7z" },
    { zh: "扩展坞", en: "Docking station", zhNote: "USB-C · 10 合 1", enNote: "USB-C · 10 in 1", path: "M6 18h36v14H6zM12 25h5M21 25h5M30 25h6" },
  ];
  const query = new URLSearchParams(location.search);
  const lang = (query.get("lang") ?? navigator.language).toLowerCase().startsWith("zh") ? "zh" : "en";
  const t = TEXTS[lang];
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = t.brand;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t[element.dataset.text];
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t[element.dataset.label]);
  for (const input of document.querySelectorAll("input")) input.value = query.get(input.name) ?? "";

  const list = document.querySelector("#products ul");
  for (const one of GOODS) {
    const item = list.appendChild(document.createElement("li"));
    const picture = item.appendChild(document.createElement("div"));
    picture.className = "picture";
    const svg = picture.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
    for (const [name, value] of Object.entries({ viewBox: "0 0 48 48", fill: "none", stroke: "currentColor", "stroke-width": "1.6", "stroke-linejoin": "round", "aria-hidden": "true" })) svg.setAttribute(name, value);
    svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path")).setAttribute("d", one.path);
    item.appendChild(document.createElement("b")).textContent = one[lang];
    item.appendChild(document.createElement("span")).textContent = one[`${lang}Note`];
  }

  const other = document.querySelector("#lang");
  other.textContent = t.other;
  other.lang = lang === "zh" ? "en" : "zh-CN";
  other.addEventListener("click", () => {
    query.set("lang", lang === "zh" ? "en" : "zh");
    location.search = query.toString();
  });
  document.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    for (const input of document.querySelectorAll("input")) {
      if (input.value.trim() === "") query.delete(input.name);
      else query.set(input.name, input.value.trim());
    }
    location.search = query.toString();
  });

  const ask = document.querySelector(".ask");
  ask.addEventListener("click", () => window.TercetChat?.open());
  const key = query.get("key");
  if (!key) {
    document.querySelector("#missing").hidden = false;
    document.querySelector("#settings").open = true;
    ask.hidden = true;
    return;
  }
  const script = document.createElement("script");
  script.src = "/widget.js";
  script.async = true;
  Object.assign(script.dataset, { key, lang });
  const optional = { product: query.get("product"), customerToken: query.get("token"), currency: query.get("currency"), theme: query.get("theme") };
  for (const [name, value] of Object.entries(optional)) if (value) script.dataset[name] = value;
  document.body.appendChild(script);
})();
