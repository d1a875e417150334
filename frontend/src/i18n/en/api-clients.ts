/** Texts of features/api-clients. */
export const apiClients = {
  "apiClients.title": "API Clients",
} as const;
