window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  validatorUrl: null,
  // A secret that is not good is answered with a challenge to sign in by HTTP Basic. For requests without
  // cookies the browser leaves that to the page, which tells it, and opens no dialog of its own.
  requestInterceptor: (request) => {
    if (new URL(request.url, location.href).pathname === "/oauth/token") request.credentials = "omit";
    return request;
  },
});
