// The widget's looks, for its own shadow root: the shop's page reaches in only through `--tercet-accent` and the like.
// Colours are the console's; text keeps a contrast of 4.5:1 in both themes.
const LIGHT = `
  color-scheme: light;
  --surface: #fff; --sunken: #f1f3f3; --hover: #eaeeee; --border: #dfe4e4; --border-strong: #8b9694;
  --text: #17201f; --muted: #55615f; --accent: var(--tercet-accent, #0f6b63); --on-accent: var(--tercet-on-accent, #fff);
  --accent-soft: #e2f1ef; --good: #1c6b3c; --good-soft: #e3f3e8; --warn: #7d4b0a; --warn-soft: #fcf1dc; --bad: #b02a2a; --bad-soft: #fbe9e8;
  --shadow: 0 12px 40px rgb(16 30 28 / .2), 0 2px 6px rgb(16 30 28 / .12);`;
const DARK = `
  color-scheme: dark;
  --surface: #161c1b; --sunken: #222a29; --hover: #2c3635; --border: #303a39; --border-strong: #7d8a88;
  --text: #e8eeed; --muted: #a9b6b4; --accent: var(--tercet-accent-dark, #55c5b8); --on-accent: var(--tercet-on-accent-dark, #06211e);
  --accent-soft: #143531; --good: #6fcb8d; --good-soft: #15301f; --warn: #e8b35c; --warn-soft: #35270f; --bad: #f28b86; --bad-soft: #3b1b1b;
  --shadow: 0 12px 40px rgb(0 0 0 / .55), 0 0 0 1px #303a39;`;

export const css = `
:host { all: initial; ${LIGHT}
  font: 14px/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  color: var(--text); position: fixed; z-index: 2147483000; inset: auto 0 0 auto; }
@media (prefers-color-scheme: dark) { :host(:not([theme=light])) { ${DARK} } }
:host([theme=dark]) { ${DARK} }
@media print { :host { display: none; } }
* , ::before, ::after { box-sizing: border-box; }
h2, p, ol, ul, dl, dd, fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
ol, ul { list-style: none; }
button, textarea, input { font: inherit; color: inherit; margin: 0; }
button { cursor: pointer; background: none; border: 0; padding: 0; text-align: center; }
button:disabled { cursor: default; }
a { color: var(--accent); }
svg { display: block; flex: none; }
[hidden] { display: none !important; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
.sr { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.launcher { position: fixed; right: max(16px, env(safe-area-inset-right)); bottom: max(16px, env(safe-area-inset-bottom)); width: 56px; height: 56px; border-radius: 50%; display: grid; place-items: center; background: var(--accent); color: var(--on-accent); box-shadow: var(--shadow); transition: transform .15s ease-out; }
.launcher:hover { transform: scale(1.05); }
.launcher:focus-visible { border-radius: 50%; outline-offset: 3px; }
.badge { position: absolute; top: -2px; right: -2px; min-width: 20px; height: 20px; padding: 0 5px; border-radius: 10px; background: var(--bad); color: var(--surface); font-size: 12px; font-weight: 700; line-height: 20px; }

.panel { position: fixed; right: max(16px, env(safe-area-inset-right)); bottom: max(16px, env(safe-area-inset-bottom)); width: 400px; height: min(680px, calc(100dvh - 32px)); display: flex; flex-direction: column; overflow: hidden; border-radius: 16px; background: var(--surface); color: var(--text); box-shadow: var(--shadow); animation: rise .18s ease-out; }
.panel:focus { outline: none; }
@keyframes rise { from { opacity: 0; transform: translateY(10px); } }
@media (max-width: 639px) {
  .panel { inset: 0; width: auto; height: auto; border-radius: 0; padding-bottom: env(safe-area-inset-bottom); box-shadow: none; }
  .panel textarea { font-size: 16px; }
}

.head { display: flex; align-items: center; gap: 10px; padding: 10px 8px 10px 14px; border-bottom: 1px solid var(--border); }
.avatar { display: grid; place-items: center; width: 36px; height: 36px; border-radius: 50%; background: var(--accent); color: var(--on-accent); flex: none; }
.who { flex: 1; min-width: 0; }
.who h2 { font-size: 15px; font-weight: 650; line-height: 1.3; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.who p { font-size: 12px; color: var(--muted); line-height: 1.4; }
.round { width: 40px; height: 40px; border-radius: 10px; display: grid; place-items: center; color: var(--muted); }
.round:hover { background: var(--sunken); color: var(--text); }
.menu { position: absolute; top: 56px; right: 10px; z-index: 2; min-width: 190px; padding: 6px; border-radius: 12px; background: var(--surface); border: 1px solid var(--border); box-shadow: var(--shadow); }
.menu button { display: block; width: 100%; min-height: 40px; padding: 6px 12px; border-radius: 8px; text-align: start; }
.menu button:hover { background: var(--sunken); }
.banner { padding: 8px 14px; font-size: 13px; background: var(--accent-soft); border-bottom: 1px solid var(--border); overflow-wrap: anywhere; }
.banner.warn { background: var(--warn-soft); color: var(--warn); }

.log { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 14px; display: flex; flex-direction: column; gap: 10px; scrollbar-width: thin; }
.notice { font-size: 12px; color: var(--muted); text-align: center; padding: 0 12px 4px; text-wrap: balance; }
.msg { max-width: 88%; min-width: 0; display: flex; flex-direction: column; align-items: flex-start; gap: 6px; align-self: flex-start; }
.msg.rich { width: 100%; max-width: 100%; }
.msg.rich > .bubble { max-width: 92%; }
.msg.customer { align-self: flex-end; align-items: flex-end; }
.msg.system { align-self: center; max-width: 92%; }
.from { font-size: 12px; color: var(--muted); display: flex; gap: 6px; align-items: center; max-width: 100%; }
.from b { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.human { padding: 0 6px; border-radius: 4px; background: var(--good-soft); color: var(--good); font-weight: 600; white-space: nowrap; }
.bubble { max-width: 100%; padding: 8px 12px; border-radius: 14px 14px 14px 4px; background: var(--sunken); white-space: pre-wrap; overflow-wrap: anywhere; }
.customer .bubble { background: var(--accent); color: var(--on-accent); border-radius: 14px 14px 4px 14px; }
.person .bubble { background: var(--good-soft); }
.system .bubble { background: none; padding: 2px 8px; font-size: 12px; color: var(--muted); text-align: center; }
.pending .bubble { opacity: .72; }
.refused .bubble { background: var(--bad-soft); color: var(--bad); opacity: 1; }
.meta { font-size: 12px; color: var(--muted); display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: center; overflow-wrap: anywhere; max-width: 100%; }
.meta button { color: var(--accent); text-decoration: underline; text-underline-offset: 2px; min-height: 24px; }
.cite { display: inline-block; min-width: 18px; height: 18px; margin: 0 1px 0 3px; padding: 0 4px; border-radius: 5px; background: var(--surface); color: var(--accent); border: 1px solid var(--border); font-size: 11px; font-weight: 650; line-height: 16px; vertical-align: 1px; position: relative; }
.cite::after { content: ""; position: absolute; inset: -4px 0; }
.cite[aria-expanded=true] { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
.source { width: 100%; padding: 10px 12px; border: 1px solid var(--border); border-left: 3px solid var(--accent); border-radius: 8px; font-size: 13px; }
.source header { display: flex; gap: 8px; align-items: flex-start; justify-content: space-between; font-size: 12px; color: var(--muted); }
.source b { display: block; font-weight: 600; color: var(--text); overflow-wrap: anywhere; }
.source blockquote { margin: 4px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 180px; overflow-y: auto; }
.source .round { width: 28px; height: 28px; margin: -4px -6px 0 0; flex: none; }
.thumbs { display: flex; align-items: center; gap: 2px; font-size: 12px; color: var(--muted); min-height: 28px; }
.thumbs button { width: 28px; height: 28px; display: grid; place-items: center; border-radius: 8px; color: var(--muted); }
.thumbs button:hover:not(:disabled) { background: var(--sunken); color: var(--text); }
.thumbs button[aria-pressed=true] { color: var(--accent); background: var(--accent-soft); }
.thumbs .no svg { transform: rotate(180deg); }

.products { width: 100%; display: grid; gap: 8px; }
.product { display: flex; gap: 10px; padding: 10px; border: 1px solid var(--border); border-radius: 12px; min-width: 0; }
.thumb { position: relative; flex: none; width: 56px; height: 56px; border-radius: 8px; background: var(--sunken); color: var(--muted); display: grid; place-items: center; font-weight: 600; overflow: hidden; }
.thumb img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; background: #fff; }
.words { min-width: 0; flex: 1; display: grid; gap: 2px; }
.name { font-weight: 560; overflow-wrap: anywhere; }
.product .name { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
.facts { display: flex; flex-wrap: wrap; gap: 2px 8px; align-items: center; }
.price { font-weight: 650; white-space: nowrap; }
.stock { font-size: 12px; padding: 0 6px; border-radius: 4px; background: var(--bad-soft); color: var(--bad); overflow-wrap: anywhere; }
.stock.good { background: var(--good-soft); color: var(--good); }
.why { font-size: 12px; color: var(--muted); overflow-wrap: anywhere; }
.acts { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 4px; }
.small { min-height: 28px; padding: 2px 12px; border-radius: 14px; border: 1px solid var(--border-strong); font-size: 12px; line-height: 22px; color: var(--text); text-decoration: none; }
.small:hover:not(:disabled) { background: var(--sunken); }
.small:disabled { color: var(--muted); border-color: var(--border); }
.scroll { width: 100%; overflow-x: auto; border: 1px solid var(--border); border-radius: 12px; scrollbar-width: thin; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { padding: 7px 10px; text-align: start; vertical-align: top; min-width: 92px; max-width: 180px; overflow-wrap: anywhere; border-top: 1px solid var(--border); }
thead th { border-top: 0; background: var(--sunken); font-weight: 600; }
tr > :first-child { min-width: 72px; max-width: 110px; color: var(--muted); font-weight: 500; position: sticky; left: 0; background: var(--surface); }
thead tr > :first-child { background: var(--sunken); }
.clamp { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 4; overflow: hidden; }
.better { font-weight: 600; }
.mark { display: inline-flex; align-items: center; gap: 2px; margin-left: 6px; font-size: 11px; color: var(--good); white-space: nowrap; }
.none { color: var(--muted); }
.card { width: 100%; border: 1px solid var(--border); border-radius: 12px; overflow: hidden; font-size: 13px; }
.card > header { display: flex; flex-wrap: wrap; gap: 4px 8px; justify-content: space-between; align-items: center; padding: 9px 12px; background: var(--sunken); overflow-wrap: anywhere; }
.card header b { font-weight: 620; min-width: 0; }
.lines { padding: 8px 12px 2px; display: grid; gap: 4px; }
.lines li { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; gap: 10px; }
.n { white-space: nowrap; color: var(--muted); font-variant-numeric: tabular-nums; }
.card dl { padding: 6px 12px 10px; display: grid; gap: 4px; }
.fact { display: grid; grid-template-columns: minmax(64px, 1fr) minmax(0, 2.2fr); gap: 10px; }
.fact dt { color: var(--muted); overflow-wrap: anywhere; }
.fact dd { overflow-wrap: anywhere; }
.asked { margin: 0 -6px; padding: 2px 6px; border-radius: 6px; background: var(--accent-soft); }
.asked .none { color: var(--accent); }
.choices { display: flex; flex-wrap: wrap; gap: 8px; padding: 0 12px 12px; }
.choices.end { border-top: 1px solid var(--border); padding-top: 10px; }
.chip, .primary, .plain { min-height: 36px; max-width: 100%; padding: 5px 14px; border-radius: 18px; font-size: 13px; overflow-wrap: anywhere; }
.chip { border: 1px solid var(--accent); color: var(--accent); }
.chip:hover:not(:disabled) { background: var(--accent-soft); }
.chip:disabled { border-color: var(--border); color: var(--muted); }
.primary { background: var(--accent); color: var(--on-accent); font-weight: 600; }
.primary:disabled { background: var(--sunken); color: var(--muted); font-weight: 400; }
.plain { border: 1px solid var(--border-strong); }
.plain:disabled { border-color: var(--border); color: var(--muted); }

.dots { display: inline-flex; gap: 4px; padding: 12px; border-radius: 14px 14px 14px 4px; background: var(--sunken); align-self: flex-start; }
.dots i { width: 6px; height: 6px; border-radius: 50%; background: var(--muted); animation: blink 1.2s infinite; }
.dots i:nth-child(2) { animation-delay: .2s; }
.dots i:nth-child(3) { animation-delay: .4s; }
@keyframes blink { 0%, 60%, 100% { opacity: .25; } 30% { opacity: 1; } }
.newer { position: absolute; left: 50%; transform: translateX(-50%); bottom: 100%; margin-bottom: 8px; min-height: 32px; padding: 4px 14px; border-radius: 16px; background: var(--accent); color: var(--on-accent); font-size: 13px; white-space: nowrap; box-shadow: var(--shadow); }
.foot { position: relative; border-top: 1px solid var(--border); padding: 10px 12px 12px; }
.chips { display: flex; gap: 8px; overflow-x: auto; padding: 2px 2px 10px; margin: 0 -2px; scrollbar-width: none; }
.chips .chip { flex: none; max-width: 240px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.write { display: flex; align-items: flex-end; gap: 8px; padding: 4px 4px 4px 12px; border: 1px solid var(--border-strong); border-radius: 14px; }
.write:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.write textarea { flex: 1; min-width: 0; border: 0; padding: 7px 0; background: none; resize: none; outline: none; max-height: 132px; height: 36px; line-height: 1.5; overflow-wrap: anywhere; }
.write textarea::placeholder { color: var(--muted); opacity: 1; }
.send { width: 36px; height: 36px; border-radius: 10px; display: grid; place-items: center; background: var(--accent); color: var(--on-accent); flex: none; }
.send:disabled { background: var(--sunken); color: var(--muted); }
.problem { margin-top: 6px; font-size: 12px; color: var(--bad); overflow-wrap: anywhere; }
.rating { width: 100%; padding: 14px; border: 1px solid var(--border); border-radius: 12px; display: grid; gap: 10px; justify-items: start; }
.rating legend { padding: 0; font-weight: 600; margin-bottom: 6px; }
.stars { display: flex; }
.stars label { position: relative; width: 40px; height: 40px; display: grid; place-items: center; color: var(--border-strong); cursor: pointer; }
.stars label.on { color: #c98a1b; }
.stars label.on path { fill: currentColor; }
.stars label:has(:focus-visible) { outline: 2px solid var(--accent); border-radius: 8px; }
.stars input { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
.rating textarea { width: 100%; min-height: 60px; padding: 8px 10px; border: 1px solid var(--border-strong); border-radius: 10px; background: var(--surface); resize: vertical; }
.trouble { padding: 10px 12px; border-radius: 10px; background: var(--bad-soft); color: var(--bad); overflow-wrap: anywhere; }
.problem:empty { display: none; }
.rating + .centre, .notice + .centre { margin-top: 10px; }
.centre { display: flex; justify-content: center; flex-wrap: wrap; gap: 8px; }
@media (prefers-reduced-motion: reduce) { *, ::before, ::after { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .launcher, .send, .primary, .bubble { border: 1px solid; } }
`;
