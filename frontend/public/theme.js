// Runs before the first paint, so that the page never flashes in the wrong theme. src/lib/theme.ts takes over.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("latchkey.theme");
  } catch {
    // Storage may be switched off; the system's choice stands.
  }
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
