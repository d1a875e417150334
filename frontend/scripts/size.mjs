// Fails when a first visit would load more JavaScript than the budget. A first visit is what index.html pulls in
// (the entry and its static imports, and the script in public/) plus the chunks of the page it lands on.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const budget = 180 * 1000;
const dist = new URL("../dist/", import.meta.url);
/** @type {Record<string, { file: string, imports?: string[], dynamicImports?: string[], isEntry?: boolean }>} */
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

/** @param {string} file */
const gzipped = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;

/**
 * The files that loading one chunk loads without anybody asking for more.
 * @param {string} key
 * @param {Set<string>} [found]
 */
function closure(key, found = new Set()) {
  const chunk = manifest[key];
  if (!chunk || found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const imported of chunk.imports ?? []) closure(imported, found);
  return found;
}

/** @param {Iterable<string>} files */
const total = (files) => [...files].reduce((sum, file) => sum + gzipped(file), 0);
/** @param {number} bytes */
const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

const entry = Object.keys(manifest).find((key) => manifest[key]?.isEntry);
if (!entry) throw new Error("dist has no entry: run npm run build first");

const shell = "src/app/shell/Shell.tsx";
/** The pages that a visit begins with, and what each of them loads. */
const landings = {
  "sign-in": ["src/features/session/SignInPage.tsx"],
  "set-up": ["src/features/session/SetupPage.tsx"],
  "account keys": [shell, "src/features/account-keys/AccountKeysPage.tsx"],
};

const always = closure(entry).add("theme.js");
console.log(`every page: ${kB(total(always))}, gzip`);
for (const [name, keys] of Object.entries(landings)) {
  const files = new Set(always);
  for (const key of keys) {
    if (!manifest[key]) throw new Error(`${key} is no chunk of its own any more: mend the list of landings`);
    for (const file of closure(key)) files.add(file);
  }
  const bytes = total(files);
  console.log(`${name}: ${kB(bytes)} of ${kB(budget)}`);
  if (bytes > budget) {
    console.error(`The first load of ${name} is over its budget. Load lazily what it does not need at once.`);
    process.exitCode = 1;
  }
}
