/** One tab trains at a time: a Web Lock held while a run is under way. Where there are no locks, every tab may train. */
const name = "nas-playground-training";

let release: (() => void) | null = null;
/** The request under way: a second one of this tab would be told that the lock is taken. */
let taking: Promise<boolean> | null = null;

/** Take the lock unless another tab has it; true when this tab may train. */
export async function takeTrainingLock(): Promise<boolean> {
  if (release || typeof navigator === "undefined" || !("locks" in navigator)) return true;
  taking ??= request().finally(() => (taking = null));
  return taking;
}

function request(): Promise<boolean> {
  return new Promise((resolve) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (!lock) {
          resolve(false);
          return undefined;
        }
        return new Promise<void>((done) => {
          release = done;
          resolve(true);
        });
      })
      .catch(() => resolve(true));
  });
}

export function releaseTrainingLock(): void {
  release?.();
  release = null;
}

/** Whether another tab trains now. */
export async function isAnotherTabTraining(): Promise<boolean> {
  if (release || typeof navigator === "undefined" || !("locks" in navigator)) return false;
  try {
    const { held } = await navigator.locks.query();
    return held?.some((lock) => lock.name === name && lock.mode !== "shared") ?? false;
  } catch {
    // A sandboxed frame may not ask.
    return false;
  }
}

/** Calls back once no other tab trains. Those who wait share the lock and have let go of it when they are called: whoever is told may train. */
export function whenTrainingEnds(work: () => void): void {
  if (typeof navigator === "undefined" || !("locks" in navigator)) return;
  void navigator.locks.request(name, { mode: "shared" }, () => undefined).then(work).catch(() => undefined);
}
