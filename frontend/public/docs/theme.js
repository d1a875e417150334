// The theme that was chosen in Latchkey, or the device's, in the word that Swagger UI knows.
document.documentElement.classList.toggle("dark-mode", document.documentElement.dataset.theme === "dark");
