/** Mounts the app; nothing else. */
import { start } from "@/app/start";

const root = document.getElementById("root");
if (root !== null) start(root);
