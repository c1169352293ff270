// How the widget is built: one plain script and the demo page's files, laid beside the console in dist/.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** The demo page, and a packed copy of the script: the service sends it as it is. */
function beside(): Plugin {
  return {
    name: "beside",
    apply: "build",
    writeBundle({ dir }) {
      const out = dir ?? "dist";
      for (const name of ["demo.html", "demo.css", "demo.js"]) copyFileSync(join("widget", name), join(out, name));
      writeFileSync(join(out, "widget.js.gz"), gzipSync(readFileSync(join(out, "widget.js")), { level: 9 }));
    },
  };
}

export default defineConfig({
  plugins: [beside()],
  publicDir: false,
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: false,
    lib: { entry: "widget/main.ts", formats: ["iife"], name: "tercetWidget", fileName: () => "widget.js" },
  },
});
