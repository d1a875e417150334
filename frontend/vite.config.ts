import { createReadStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const root = dirname(fileURLToPath(import.meta.url));
const backend = process.env["LATCHKEY_DEV_BACKEND"] ?? "http://localhost:8080";

/** Everything that Latchkey's own server answers; the rest is the single-page app. */
const backendPaths = [
  "/api",
  "/oauth",
  "/.well-known",
  "/openapi.json",
  "/openapi-3.0.json",
  "/healthz",
  "/readyz",
];

/** Serves and ships Swagger UI's own files beside public/docs, so that /docs needs no internet. */
function swaggerUi(): Plugin {
  const from = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const files = ["swagger-ui.css", "swagger-ui-bundle.js"];
  return {
    name: "latchkey-swagger-ui",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = request.url?.split("?")[0] ?? "";
        const file = files.find((name) => path === `/docs/${name}`);
        if (file) {
          response.setHeader("Content-Type", file.endsWith(".css") ? "text/css" : "text/javascript");
          createReadStream(join(from, file)).pipe(response);
          return;
        }
        if (path === "/docs" || path === "/docs/") request.url = "/docs/index.html";
        next();
      });
    },
    generateBundle() {
      for (const file of files) {
        this.emitFile({ type: "asset", fileName: `docs/${file}`, source: readFileSync(join(from, file)) });
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), swaggerUi()],
  resolve: { alias: { "@": join(root, "src") } },
  build: {
    outDir: "dist",
    target: "baseline-widely-available",
    assetsInlineLimit: 0,
    // The polyfill would be an inline-free but needless script: every browser we target preloads modules.
    modulePreload: { polyfill: false },
    manifest: true,
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(backendPaths.map((path) => [path, { target: backend, changeOrigin: false }])),
  },
});
