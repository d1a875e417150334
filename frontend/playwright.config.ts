import { defineConfig } from "@playwright/test";

/** The browser tests run against the real binary and the emulator, both started by e2e's own fixtures. */
export default defineConfig({
  testDir: "e2e",
  fullyParallel: false,
  workers: 1,
  // A browser on a busy machine may stop drawing for a minute. What fails once is told as flaky, twice as failed.
  retries: process.env["CI"] ? 1 : 0,
  timeout: 60_000,
  forbidOnly: Boolean(process.env["CI"]),
  reporter: [["list"], ["json", { outputFile: "node_modules/.cache/playwright.json" }]],
  use: {
    baseURL: process.env["LATCHKEY_E2E_URL"] ?? "http://localhost:8080",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env["LATCHKEY_E2E_CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
