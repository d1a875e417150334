import type { Target } from "@/api/targets";
import { t } from "@/i18n/t";

const split = (path: string) => path.split("/").slice(1);

/** What a pattern allows, in words. */
export function inWords(pattern: string): string {
  if (pattern === "/**") return t("targets.everyPath");
  const path = pattern.replace(/\/\*\*$/, "");
  const below = path === pattern ? path : t("targets.below", { path });
  return split(path).includes("*") ? t("targets.oneEach", { path: below }) : below;
}

/** Whether any call can come to a pattern: calls begin with the base path, and so must it. */
export function isReachable(pattern: string, basePath: string): boolean {
  if (basePath === "") return true;
  const wanted = split(pattern);
  for (const segment of split(basePath)) {
    const pass = wanted.shift();
    if (pass === "**") return true;
    if (pass !== "*" && pass !== decoded(segment)) return false;
  }
  return true;
}

/** A path that the target allows, as a call of it would have it: for examples and to begin with. */
export function samplePath({ allowedPaths, basePath }: Pick<Target, "allowedPaths" | "basePath">): string {
  const base = split(basePath).length;
  const [pattern] = allowedPaths.filter((allowed) => isReachable(allowed, basePath));
  if (pattern === undefined) return "";
  const segments = split(pattern.replace(/\/?\*\*$/, "")).filter((segment) => segment !== "");
  const rest = segments
    .slice(basePath === "" ? 0 : base)
    .map((segment) => (segment === "*" ? "ID" : segment));
  if (rest.length > 0) return `/${rest.join("/")}`;
  if (pattern.endsWith("**") && basePath === "") return "/me";
  return "";
}

/** The path at Graph, version first, that a call's path comes to. */
export function reached({ apiVersion, basePath }: Pick<Target, "apiVersion" | "basePath">, path: string) {
  return `/${apiVersion}${basePath}${path}`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
