/** Texts of features/users. */
export const users = {
  "users.title": "Settings",
} as const;
