/** Starts the page: the controller behind it, the automation interface beside it, and the picture. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startController } from "@/store/controller";
import { App } from "./App";
import { publishAutomation } from "./automation";
import { publishCellPictures } from "./cellPictures";

export function start(root: HTMLElement): void {
  startController();
  publishAutomation();
  publishCellPictures();
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
