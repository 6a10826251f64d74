import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { defaultsFor } from "@/algorithms/defaults";
import { tinyConfig } from "@/algorithms/testing/tinyRun";
import type { CommandName, Commands, FromWorker, RunPlan, Session } from "@/session/protocol";
import { frameOf, latestState, runPlan } from "@/ui/testing/runFixture";
import { type Actions, actions } from "./actions";
import { change, experimentStore, setGiven } from "./experiment";
import { history } from "./history";
import { useSessionFactory } from "./link";
import { networkStore } from "./network";
import { initialRun, runStore } from "./run";
import * as control from "./runControl";
import { startController } from "./controller";

/** A worker that answers when it is told to. */
class FakeSession implements Session {
  state: Session["state"] = "ready";
  readonly calls: CommandName[] = [];
  /** Arguments of the newest call of a kind. */
  readonly asked = new Map<CommandName, unknown>();
  readonly waiting: { kind: CommandName; resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];
  listener: (message: FromWorker) => void = () => undefined;

  call<K extends CommandName>(kind: K, args: Commands[K]["args"]): Promise<never> {
    this.calls.push(kind);
    this.asked.set(kind, args);
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

/** Let a run be opened: the boot too, where another one is needed for it. */
async function opens(opened: RunPlan): Promise<void> {
  await vi.waitFor(() => expect(session().waiting.some((w) => w.kind === "boot" || w.kind === "open")).toBe(true), { interval: 1 });
  if (session().waiting.some((w) => w.kind === "boot")) await session().answer("boot", info);
  await session().answer("open", opened);
}

describe("training one architecture", () => {
  const genotype = "n:s3.0+s3.1-s3.0+s3.1;r:mp.0+mp.1-sk.2+mp.1";
  const given = (): unknown => ({ ...experimentStore.getState().given });
  beforeEach(() => {
    runStore.setState({ ...initialRun, boot: { ...initialRun.boot, status: "ready" } }, true);
    session().calls.length = 0;
  });

  it("takes the space that knows it, opens a fresh run and plays it", async () => {
    setGiven({ "evo.pool": 8 });
    act.retrainArch(genotype);
    act.retrainArch(genotype);
    expect(experimentStore.getState().config).toMatchObject({ space: "darts-cell", "retrain.arch": genotype });
    expect(given()).toEqual({ space: "darts-cell", "retrain.arch": genotype });
    await opens(runPlan(experimentStore.getState().config));
    expect(session().calls.filter((c) => c === "open" || c === "play")).toEqual(["open", "play"]);
    expect(runStore.getState().messages.map((m) => m.text)).toContain("Training this architecture from scratch; nothing is searched.");
    // Nothing is searched, so nothing has weights.
    expect(history.alpha.groups).toEqual([]);
  });

  it("stays in the space that knows it, and with settings made there", async () => {
    setGiven({ space: "macro8", "retrain.steps": 5 });
    act.retrainArch("21220200");
    expect(given()).toEqual({ space: "macro8", "retrain.steps": 5, "retrain.arch": "21220200" });
    await opens(plan);
  });

  it("takes cells for a name that it does not know", async () => {
    setGiven({});
    act.retrainArch("DARTS_V2");
    expect(experimentStore.getState().config).toMatchObject({ space: "darts-cell", "retrain.arch": "DARTS_V2" });
    await opens(plan);
  });

  it("waits for the boot", () => {
    runStore.setState({ boot: { ...initialRun.boot, status: "booting" } });
    act.retrainArch(genotype);
    expect(runStore.getState().queued).toBe(true);
  });
});

describe("a run that searches by α", () => {
  const config = defaultsFor("darts-cell", "nano", "darts");
  const derived = { id: "n:s3.1+s3.0-sk.0+s5.1;r:mp.0+mp.1-mp.0+mp.1", choices: {} };

  it("has the groups of its space before the first frame, and its derived member on show", async () => {
    runStore.setState({ ...initialRun, boot: { ...initialRun.boot, status: "ready" } }, true);
    setGiven({ algorithm: "darts", size: "nano" });
    const opened = control.openRun();
    const { metrics } = latestState();
    const alpha = { step: Int32Array.of(0), values: new Float32Array(80) };
    const frame = frameOf(latestState({ metrics: { ...metrics, derived } }));
    const early = { ...frame, runId: "alpha-run", series: { ...frame.series, alpha } };
    await settle();
    session().listener(early);
    await opens({ ...runPlan(config), runId: "alpha-run" });
    await opened;
    const now = vi.spyOn(performance, "now");
    expect(history.alpha.groups.map((group) => group.id)).toEqual(["normal", "reduce"]);
    expect(history.alpha.latest()?.weights[0]).toBeCloseTo(1 / 8);
    expect(networkStore.getState().shown).toMatchObject({ source: "winner", arch: derived });

    now.mockReturnValue(performance.now() + 100);
    // What α says changes at every step; the picture does not.
    const another = { id: "n:sk.0+s3.1-sk.0+s5.1;r:mp.0+mp.1-mp.0+mp.1", choices: {} };
    const later = { ...frame, runId: "alpha-run", latest: latestState({ metrics: { ...metrics, derived: another } }) };
    session().listener(later);
    expect(networkStore.getState().shown?.arch.id).toBe(derived.id);
    now.mockReturnValue(performance.now() + 2500);
    session().listener({ ...later, latest: { ...later.latest } });
    expect(networkStore.getState().shown?.arch.id).toBe(another.id);
    const winner = { ...derived, macs: 1, params: 1, supernet: null, index: 0 };
    session().listener({ ...frame, runId: "alpha-run", latest: latestState({ metrics: { ...metrics, winner } }) });
    expect(networkStore.getState().shown).toMatchObject({ arch: derived, supernetAccuracy: null });
    vi.restoreAllMocks();
  });
});

describe("a search by α whose loss was not a number", () => {
  it.each([
    ["supernet", { "train.lr": 0.025 / 3, "darts.alphaLr": 0.01 / 3 }, /rates at a third: train\.lr = 0\.00833, darts\.alphaLr = 0\.00333/],
    ["retrain", { "retrain.lr": 0.05 / 3 }, /rate at a third: retrain\.lr = 0\.0167/],
  ] as const)("in %s goes on at a third of the rates that may have been the cause", async (phase, values, message) => {
    const config = defaultsFor("darts-cell", "nano", "darts");
    const error = { code: "train.nan", message: "NaN", hint: null, recoverable: true, step: 2, stack: null } as const;
    runStore.setState({ ...initialRun, boot: { ...initialRun.boot, status: "ready" }, error, latest: latestState({ phase }) }, true);
    const resumed = act.resume("checkpoint");
    await session().answer("resume", runPlan(config));
    await session().answer("live", null);
    await resumed;
    expect(session().asked.get("live")).toEqual({ values });
    expect(runStore.getState().messages.map((m) => m.text)).toEqual([expect.stringMatching(message)]);
  });
});

describe("changing the experiment", () => {
  const config = () => experimentStore.getState().config;

  it("takes a method's own space with the method and drops settings of the other", () => {
    setGiven({ space: "spos", "evo.pool": 8 });
    change({ algorithm: "darts" });
    expect(config()).toMatchObject({ algorithm: "darts", space: "darts-cell" });
    change({ space: "macro8" });
    change({ "darts.alphaLr": 0.02 });
    change({ algorithm: "darts" });
    expect(config().space).toBe("macro8");
    change({ algorithm: "gdas", space: "nasbench201-cell" });
    expect(config()).toMatchObject({ algorithm: "gdas", space: "nasbench201-cell", "darts.alphaLr": 0.01 });
  });

  it("keeps an architecture to train through sizes, not through spaces", () => {
    setGiven({ algorithm: "darts", size: "nano", "retrain.arch": "DARTS_V2", "retrain.steps": 5 });
    change({ size: "small" });
    expect(config()).toMatchObject({ "retrain.arch": "DARTS_V2", "retrain.steps": null });
    change({ space: "macro8" });
    expect(config()["retrain.arch"]).toBeNull();
  });
});
