import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { createQueryClient } from "./app/queryClient";
import { createAppRouter } from "./app/router";
import { watchTheme } from "./lib/theme";
import "./styles/index.css";

watchTheme();
const queryClient = createQueryClient();
const router = createAppRouter({ queryClient });
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App queryClient={queryClient} router={router} />
  </StrictMode>,
);
