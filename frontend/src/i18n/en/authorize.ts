/** Texts of features/authorize. */
export const authorize = {
  "authorize.title": "Authorize",
} as const;
