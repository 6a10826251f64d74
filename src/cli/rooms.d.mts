/** Types of rooms.mjs, for the test. */

export interface RoomRule {
  readonly values: readonly string[];
  readonly types?: readonly string[];
  readonly files?: readonly string[];
  readonly tfjs?: boolean;
}

export const ROOMS: Readonly<Record<string, RoomRule>>;
export const WORKER_FILES: readonly string[];
export const WORKER_RULE: RoomRule;
export const FREE_ROOMS: readonly string[];
export const IMPURE: RegExp;
export const MAX_LINES: number;
export function ruleOf(file: string): RoomRule | null | undefined;
export function roomOf(file: string): string;
export function panelOf(file: string): string | null;
export function importProblem(from: string, to: string, isTypeOnly: boolean): string | null;
export function restrictedPatterns(
  name: string,
  rule: RoomRule,
): readonly { readonly regex: string; readonly message: string; readonly allowTypeImports?: boolean }[];
