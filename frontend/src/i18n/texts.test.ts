import { expect, test } from "vitest";
import { en } from "./en";

const sources = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../i18n/en/**", "!../**/*.test.*"], {
  query: "?raw",
  import: "default",
  eager: true,
});

test("every text is used", () => {
  const code = Object.values(sources).join("\n");
  // What stands before a part that is put in at run time: `keyStatus.${status}`, "auditAction.".
  const beginnings = [...code.matchAll(/[`"]([a-zA-Z]+\.(?:\w+\.)*)(?:\$\{|")/g)].map(
    ([, found = ""]) => found,
  );
  const unused = Object.keys(en).filter(
    (key) => !code.includes(`"${key}"`) && !beginnings.some((beginning) => key.startsWith(beginning)),
  );
  expect(unused).toEqual([]);
});
