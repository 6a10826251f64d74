/** Types of serve.mjs, for what is written in TypeScript. */

export interface Folders {
  readonly dist: string;
  readonly datasets: string;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export const ISOLATION: Readonly<Record<string, string>>;
export function mimeOf(file: string): string;
export function segmentsOf(url: string): string[] | null;
export function datasetFile(datasets: string, url: string): string | null;
export function resolveFile(folders: Folders, url: string): string | null;
export function serve(options?: { readonly port?: number; readonly host?: string } & Partial<Folders>): Promise<RunningServer>;
export function flag(args: readonly string[], name: string): string | undefined;
export function portFrom(args: readonly string[], fallback: number): number;
export function serveUntilStopped(options: { readonly port: number; readonly host?: string }): Promise<void>;
