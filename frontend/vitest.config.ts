import { mergeConfig } from "vite";
import { defineConfig } from "vitest/config";
import vite from "./vite.config.ts";

export default mergeConfig(
  vite,
  defineConfig({
    test: {
      environment: "jsdom",
      environmentOptions: { jsdom: { url: "http://localhost:8080" } },
      include: ["src/**/*.test.{ts,tsx}"],
      setupFiles: ["src/test/setup.ts"],
      testTimeout: 60_000,
      restoreMocks: true,
      reporters: ["default", ["json", { outputFile: "node_modules/.cache/vitest.json" }]],
      coverage: { include: ["src/**"], exclude: ["src/api/schema.gen.ts", "src/test/**"] },
    },
  }),
);
