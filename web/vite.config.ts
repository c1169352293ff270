/// <reference types="vitest/config" />
// How the console is built. The output must satisfy `default-src 'self'`: no inlined assets, no inline scripts.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  test: { include: ["tests/unit/**/*.test.ts"], environment: "node" },
});
