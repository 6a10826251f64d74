/** Types of browser.mjs, for the commands written in TypeScript. */

export interface FoundBrowser {
  readonly path: string;
  readonly source: "CHROME_PATH" | "installed" | "playwright" | "apt";
}

/** Everything the search for a browser asks of the machine. */
export interface Machine {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly isRoot: boolean;
  exists(file: string): boolean;
  works(file: string): Promise<boolean>;
  playwrightPath(): Promise<string | null>;
  downloadPlaywright(): Promise<boolean>;
  aptInstall(): Promise<boolean>;
  say(sentence: string): void;
}

export interface LaunchWishes {
  /** WebGPU on the software adapter. */
  readonly softwareGpu?: boolean;
  /** WebGL in software. */
  readonly softwareGl?: boolean;
  /** WebGPU on whatever adapter there is. */
  readonly webgpu?: boolean;
  readonly isRoot?: boolean;
}

export const NO_BROWSER: string;
export function installedCandidates(machine: Pick<Machine, "platform" | "env" | "home">): string[];
export function findBrowser(options?: { readonly allowInstall?: boolean; readonly on?: Partial<Machine> }): Promise<FoundBrowser | null>;
export function launchFlags(wishes?: LaunchWishes): string[];
