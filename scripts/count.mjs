// Prints `NAME: N passed, N failed` for the JSON report of Vitest or Playwright, and fails when the
// report is missing, holds no test, or holds a failed one.
import { readFileSync } from "node:fs";

const [name, path] = process.argv.slice(2);
let report = {};
try {
  report = JSON.parse(readFileSync(path, "utf8"));
} catch {
  console.error(`count: ${path} is missing or no JSON`);
}
const stats = report.stats;
const passed = stats ? stats.expected + stats.flaky : (report.numPassedTests ?? 0);
const unfinished = stats ? (report.errors?.length ?? 0) : (report.numFailedTestSuites ?? 0);
const failed = Math.max(stats ? stats.unexpected : (report.numFailedTests ?? 0), passed === 0 || unfinished > 0 ? 1 : 0);
const skipped = stats ? stats.skipped : (report.numPendingTests ?? 0);
console.log(`${name}: ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed ? 1 : 0;
