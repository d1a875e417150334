import { en } from "./en";

export type Key = keyof typeof en;
type Entry<K extends Key> = (typeof en)[K];

type Names<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type TextOf<E> = E extends string ? E : E extends { other: infer Other } ? Other : never;
type CountOf<E> = E extends string ? unknown : { count: number };
type Values<K extends Key> = { [Name in Names<TextOf<Entry<K>>>]: string | number } & CountOf<Entry<K>>;
type Arguments<K extends Key> = keyof Values<K> extends never ? [] : [values: Values<K>];

export const locale = "en";
const plural = new Intl.PluralRules(locale);
const number = new Intl.NumberFormat(locale);

/**
 * The text for a key, with its `{placeholders}` filled in: `t("users.deleted", { name })`. A missing key or value
 * is a type error. An entry with `one` and `other` picks by `count`.
 */
export function t<K extends Key>(key: K, ...[values]: Arguments<K>): string {
  const entry: string | { one: string; other: string } = en[key];
  const given: Record<string, string | number> = values ?? {};
  const text = typeof entry === "string" ? entry : entry[pluralForm(Number(given["count"]))];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = given[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? number.format(value) : value;
  });
}

/** Whether there is a text for a key that is put together at run time, from what a newer server may send. */
export function hasText(key: string): key is Key {
  return Object.hasOwn(en, key);
}

function pluralForm(count: number): "one" | "other" {
  return plural.select(count) === "one" ? "one" : "other";
}
