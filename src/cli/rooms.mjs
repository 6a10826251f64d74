/**
 * Which room may import which, written once: eslint.config.js builds its import rules from this table and rooms.test.ts
 * checks every file against it. A room is a folder of `src`; each folder of `panels` is a room of its own.
 */

const BELOW_ENGINE = ["algorithms", "nas", "nn", "kernels", "data", "lib"];
const VIEW = ["store", "viz", "ui", "nas", "lib"];

/**
 * `values`: rooms whose code may be imported. `types`: rooms of which only types may be. `tfjs`: whether
 * `@tensorflow/*` may be imported. `files`: single files of other rooms that are open to this one (regular expressions on
 * the path below `src`, no extension).
 */
export const ROOMS = {
  lib: { values: [] },
  nas: { values: ["lib"] },
  kernels: { values: ["lib"], tfjs: true },
  nn: { values: ["kernels", "lib"], types: ["nas"], tfjs: true },
  data: { values: ["lib"] },
  algorithms: { values: ["nas", "nn", "data", "lib"] },
  engine: { values: BELOW_ENGINE, types: ["persist"], tfjs: true },
  persist: { values: ["nas", "lib"] },
  session: { values: ["lib"], types: ["engine", "persist", ...BELOW_ENGINE] },
  store: { values: ["session", "nas", "lib"], files: ["algorithms/(?:.*/)?(?:config|configKeys|defaults|pairs|phases|reports)"] },
  viz: { values: ["lib"], types: ["nas"] },
  panels: { values: VIEW },
  lessons: { values: VIEW },
  ui: { values: VIEW },
  app: { values: [...VIEW, "panels", "lessons"] },
};

/** The worker's side of the session: the files of `session` that may run the engine (paths or folders, without extension). */
export const WORKER_FILES = ["session/worker", "session/host/"];

/** What those files may import. */
export const WORKER_RULE = { values: ["engine", "persist", ...BELOW_ENGINE], tfjs: true };

/** Not part of the app: commands, scripts and reference values, free to import anything. */
export const FREE_ROOMS = ["cli", "golden", "studies"];

/** What `nas` and `lib` must not mention: they are pure and run anywhere. */
export const IMPURE = /\b(?:window|document|navigator|Date\.now|performance|Math\.random|console)\b|@tensorflow/;

/** No source file is longer. */
export const MAX_LINES = 450;

/** The rule of a file, by its path below `src`; null for a free room, undefined for a room that the table lacks. */
export function ruleOf(file) {
  const bare = file.replace(/\.(?:d\.)?[cm]?tsx?$/, "");
  if (WORKER_FILES.some((w) => (w.endsWith("/") ? bare.startsWith(w) : bare === w))) return WORKER_RULE;
  const room = roomOf(file);
  if (room === "main") return { values: ["app"] };
  return FREE_ROOMS.includes(room) ? null : ROOMS[room];
}

/** The room of a path below `src`: its first folder, or `main` for the entry file. */
export function roomOf(file) {
  const at = file.indexOf("/");
  return at < 0 ? "main" : file.slice(0, at);
}

/** Inside `panels` every folder is its own room; files beside them are common to all. */
export function panelOf(file) {
  const [room, folder, rest] = file.split("/");
  return room === "panels" && rest !== undefined ? folder : null;
}

/**
 * Why a file may not import another, or null when it may. Both are paths below `src`.
 *
 * @param {string} from
 * @param {string} to
 * @param {boolean} isTypeOnly
 */
export function importProblem(from, to, isTypeOnly) {
  const rule = ruleOf(from);
  if (rule === undefined) return `src/${roomOf(from)} is not a room of the table in src/cli/rooms.mjs`;
  if (rule === null) return null;
  const [source, target] = [roomOf(from), roomOf(to)];
  if (source === target) {
    const isOtherPanel = panelOf(from) !== null && panelOf(to) !== null && panelOf(from) !== panelOf(to);
    return isOtherPanel ? `a panel may not import another panel (${to})` : null;
  }
  if (rule.values.includes(target)) return null;
  if (isTypeOnly && rule.types?.includes(target)) return null;
  const bare = to.replace(/\.[cm]?tsx?$/, "");
  if (rule.files?.some((pattern) => new RegExp(`^${pattern}$`).test(bare))) return null;
  return rule.types?.includes(target) ? `${source} may import only types of ${target} (${to})` : `${source} may not import ${target} (${to})`;
}

/** The patterns of `@typescript-eslint/no-restricted-imports` for one rule. */
export function restrictedPatterns(name, rule) {
  const open = [name, ...rule.values];
  const typesOnly = (rule.types ?? []).filter((room) => !open.includes(room));
  const closed = Object.keys(ROOMS).filter((room) => !open.includes(room) && !typesOnly.includes(room));
  const exceptions = (rule.files ?? []).map((pattern) => `(?!${pattern}$)`).join("");
  // An import that leaves the room is written `@/room/file`; a relative one that names a room after `../` is the same in disguise.
  const reach = (rooms) => `^(?:@/|(?:\\.\\./)+)${exceptions}(?:${rooms.join("|")})(?:/|$)`;
  return [
    { regex: reach([...closed, ...FREE_ROOMS]), message: `src/${name} may not import this room (src/cli/rooms.mjs).` },
    ...(typesOnly.length > 0
      ? [{ regex: reach(typesOnly), allowTypeImports: true, message: `src/${name} may import only types of this room (src/cli/rooms.mjs).` }]
      : []),
    ...(rule.tfjs === true ? [] : [{ regex: "^@tensorflow/", message: `src/${name} does not know tfjs (src/cli/rooms.mjs).` }]),
  ];
}
