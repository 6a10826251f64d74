/**
 * What methods that end in a retraining keep alike: the network that is trained from scratch with its weights, made when first needed; stores in a
 * checkpoint, by prefix; and live settings.
 */
import type { Graph } from "@/nas/graph";
import type { Choices } from "@/nas/mutable";
import type { ParamStore } from "@/nn/executor";
import { liveKeys, type RunConfig } from "../configKeys";
import type { MethodEnv, SavedState } from "../method";
import { retrainGraph } from "./retrain";

export class Retrained {
  private readonly env: MethodEnv;
  private network: { readonly id: string; readonly graph: Graph } | null = null;
  private held: ParamStore | null = null;
  private readonly change: (graph: Graph) => Graph;

  /** `change`: what the method makes of the member's network before it is trained. */
  constructor(env: MethodEnv, change: (graph: Graph) => Graph = (graph) => graph) {
    this.env = env;
    this.change = change;
  }

  /** The member as it is trained from scratch; the same object on every call. */
  graph(choices: Choices): Graph {
    const id = this.env.space.encode(choices);
    if (this.network?.id !== id) this.network = { id, graph: this.change(retrainGraph(this.env.space, choices, this.env.config)) };
    return this.network.graph;
  }

  /** Its weights; fresh on the first call. A run retrains one member. */
  store(choices: Choices): ParamStore {
    const { params, norms } = this.graph(choices);
    return (this.held ??= this.env.executor.createStore(params, norms, this.env.key.fold("retrain-init")));
  }

  /** Null before there are any. */
  get weights(): ParamStore | null {
    return this.held;
  }

  dispose(): void {
    this.held?.dispose();
    this.held = null;
  }
}

/** Every store's tensors under its prefix; stores that are not there yet are left out. */
export async function tensorsOf(stores: Readonly<Record<string, ParamStore | null>>): Promise<Map<string, Float32Array>> {
  const tensors = new Map<string, Float32Array>();
  for (const [prefix, store] of Object.entries(stores)) {
    if (store) for (const [name, values] of await store.snapshot()) tensors.set(`${prefix}/${name}`, values);
  }
  return tensors;
}

/** The tensors that were saved under a prefix, by their own names. */
export function tensorsUnder({ tensors }: SavedState, prefix: string): Map<string, Float32Array> {
  const start = `${prefix}/`;
  return new Map([...tensors].filter(([name]) => name.startsWith(start)).map(([name, values]) => [name.slice(start.length), values]));
}

/** The settings with what may change while a run goes on; other keys are ignored. */
export function withLive(settings: RunConfig, values: Partial<RunConfig>): RunConfig {
  return { ...settings, ...Object.fromEntries(Object.entries(values).filter(([key]) => (liveKeys as readonly string[]).includes(key))) };
}
