/** Types of datasetsPlugin.mjs, for vite.config.ts and the test. */
import type { Plugin } from "vite";

export function copyDatasets(from: string, to: string): readonly string[];
export function datasetsPlugin(datasets: string): Plugin;
