import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { tinyConfig } from "@/algorithms/testing/tinyRun";
import type { CommandName, FromWorker, Session } from "@/session/protocol";
import { frameOf, latestState, runPlan } from "@/ui/testing/runFixture";
import { type Actions, actions } from "./actions";
import { experimentStore } from "./experiment";
import { useSessionFactory } from "./link";
import { initialRun, runStore } from "./run";
import { startController } from "./controller";

/** A worker that answers when it is told to. */
class FakeSession implements Session {
  state: Session["state"] = "ready";
  readonly calls: CommandName[] = [];
  readonly waiting: { kind: CommandName; resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];
  listener: (message: FromWorker) => void = () => undefined;

  call<K extends CommandName>(kind: K): Promise<never> {
    this.calls.push(kind);
    return new Promise((resolve, reject) => this.waiting.push({ kind, resolve: resolve as (value: unknown) => void, reject }));
  }

  subscribe(listener: (message: FromWorker) => void): () => void {
    this.listener = listener;
    return () => undefined;
  }

  close(): Promise<void> {
    this.state = "closed";
    return Promise.resolve();
  }

  /** The oldest call of a kind gets its answer. */
  async answer(kind: CommandName, value: unknown): Promise<void> {
    await vi.waitFor(() => expect(this.waiting.some((w) => w.kind === kind)).toBe(true), { interval: 1 });
    const i = this.waiting.findIndex((w) => w.kind === kind);
    this.waiting.splice(i, 1)[0]?.resolve(value);
    await settle();
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const info = { hardware: false, problem: null, datasets: [], dataset: { id: "tiny" } };
const plan = runPlan(tinyConfig());
const page = { hash: "#v=1&seed=11&theme=dark", urls: [] as string[], hide: () => undefined as void, visibility: "visible" };

const sessions: FakeSession[] = [];
const session = (): FakeSession => sessions.at(-1) as FakeSession;
vi.stubGlobal("location", page);
vi.stubGlobal("document", {
  addEventListener: (_: string, work: () => void) => (page.hide = work),
  get visibilityState() {
    return page.visibility;
  },
});
vi.stubGlobal("window", { history: { replaceState: (_: unknown, __: unknown, url: string) => page.urls.push(url) } });
afterAll(() => void vi.unstubAllGlobals());

useSessionFactory(() => {
  const made = new FakeSession();
  sessions.push(made);
  return made;
});
startController();
const act: Actions = actions();

describe("the controller", () => {
  it("boots for the address, keeps a Train that came early, and starts one run for it", async () => {
    expect(experimentStore.getState().config.seed).toBe(11);
    act.train();
    expect(runStore.getState().queued).toBe(true);
    await session().answer("boot", info);
    await session().answer("truth", null);
    await session().answer("open", plan);
    expect(session().calls).toEqual(["boot", "truth", "open", "play"]);
    expect(runStore.getState()).toMatchObject({ queued: false, pending: null, plan });
  });

  it("writes what is changed to the address and keeps the view's keys", () => {
    act.setLive({ "evo.limit": 900_000 });
    expect(page.urls.at(-1)).toBe("#v=1&seed=11&evo.limit=900k&theme=dark");
  });

  it("saves when the tab hides, while a run is under way only", async () => {
    const saves = (): number => session().calls.filter((c) => c === "checkpoint").length;
    page.visibility = "hidden";
    page.hide();
    expect(saves()).toBe(0);
    session().listener(frameOf(latestState({ status: "running" })));
    page.hide();
    await settle();
    expect(saves()).toBe(1);
    page.visibility = "visible";
  });

  it("keeps the run when a data set arrives meanwhile", async () => {
    const importing = act.importDataset([]);
    await session().answer("importDataset", { dataset: { id: "cifar10", name: "CIFAR-10" }, warnings: ["half of it"] });
    await importing;
    expect(sessions).toHaveLength(1);
    expect(experimentStore.getState().config.dataset).toBe("cifar10");
    expect(runStore.getState()).toMatchObject({ plan: { runId: plan.runId }, importing: null });
    expect(runStore.getState().messages.map((m) => m.text)).toEqual(expect.arrayContaining(["half of it"]));
  });

  it("drops frames of another run", () => {
    session().listener({ ...frameOf(latestState({ step: 999 })), runId: "another" });
    expect(runStore.getState().latest?.step).toBe(120);
  });

  it("turns what goes wrong on the side into a sentence, and leaves the run's state alone", async () => {
    const asked = act.evaluatePath({});
    await vi.waitFor(() => expect(session().waiting.some((w) => w.kind === "evaluate")).toBe(true));
    session().waiting.find((w) => w.kind === "evaluate")?.reject(Object.assign(new Error("no such path")));
    expect(await asked).toBeNull();
    expect(runStore.getState().error).toMatchObject({ code: "bug", message: "no such path" });
    expect(runStore.getState().pending).toBeNull();
  });
});

describe("Train pressed twice", () => {
  beforeEach(() => {
    runStore.setState({ ...initialRun, boot: { ...initialRun.boot, status: "ready" } }, true);
  });

  it("opens one run", async () => {
    act.train();
    act.train();
    await settle();
    await session().answer("boot", info);
    await session().answer("open", plan);
    act.train();
    await settle();
    expect(session().calls.filter((c) => c === "open")).toHaveLength(1);
  });
});
