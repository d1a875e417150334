/** Texts of features/account-keys. */
export const accountKeys = {
  "accountKeys.title": "Account Keys",
} as const;
