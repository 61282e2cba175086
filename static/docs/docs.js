// Starts Swagger UI on the description of this server.

const place = /** @type {HTMLElement} */ (document.getElementById("docs"));
const dark = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

// @ts-ignore - from swagger-ui-bundle.js
SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // A login is only believed together with its token, so that no other site can use it.
  requestInterceptor: (/** @type {any} */ request) => {
    request.headers["X-CSRFToken"] = place.dataset.csrf;
    return request;
  },
});
