/** Types of setup.mjs, for its test. */
export function nodeProblem(version: string): string | null;
export function needsInstall(root: string): boolean;
export function needsData(root: string): boolean;
export function setUp(options?: { readonly data?: boolean }): Promise<void>;
