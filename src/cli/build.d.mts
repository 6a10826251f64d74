/** Types of build.mjs, for the commands written in TypeScript. */
export function isStale(root: string): boolean;
export function buildIfStale(options?: { readonly quiet?: boolean }): Promise<void>;
