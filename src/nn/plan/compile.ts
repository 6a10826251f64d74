/** One segment from nodes to scheduled calls with places: everything but the base addresses, which the frame decides. */
import { padTo4, type Call } from "@/kernels/isa/isa";
import type { Machine } from "@/kernels/isa/machine";
import { AppError } from "@/lib/appError";
import type { Graph } from "@/nas/graph";
import { lowerBackward } from "./lower/backward";
import { lowerForward } from "./lower/forward";
import { Lowering, type Boundary, type LowerOptions } from "./lower/lowering";
import { padded, refOf, sidesOf, type Value, type View } from "./lower/values";
import { place, type Lifetime } from "./memory";
import type { ParamLayout } from "./paramLayout";
import { schedule } from "./schedule";
import type { Crossing, Segment } from "./segments";
import { accessesOf, kindsOf, NONE, type Buf, type Ref, type SymbolCall } from "./symbols";

/** Names of the places that the host fills, and of the one where it finds the gradient of the images. */
export const inputNames = { images: "images", labels: "labels", teacher: "teacher", upstream: "upstream", imageGradient: "gradient:images" } as const;

/** A segment whose buffers have offsets inside the frame's regions. */
export interface PlacedSegment {
  /** What does not depend on the images, where it was asked to be kept apart: run once before any number of forward passes. */
  readonly setup: readonly (readonly SymbolCall[])[];
  readonly forward: readonly (readonly SymbolCall[])[];
  readonly backward: readonly (readonly SymbolCall[])[];
  /** Offsets of buffers that must survive from forward to backward, and of all others. */
  readonly saved: ReadonlyMap<number, number>;
  readonly temporary: ReadonlyMap<number, number>;
  readonly savedFloats: number;
  readonly temporaryFloats: number;
  /** Sizes of the places that the frame fixes, by name. */
  readonly fixed: ReadonlyMap<string, number>;
  /** Where the output's value is, when the segment has it. */
  readonly output: Ref | null;
}

export interface CompileContext {
  readonly graph: Graph;
  /** Nodes whose gradient matters; empty where nothing is trained. */
  readonly needs: ReadonlySet<number>;
  readonly layout: ParamLayout;
  readonly machine: Machine;
  readonly options: LowerOptions;
  /** Whether this is the only segment: then nothing else runs between its passes and all memory may be shared by lifetime. */
  readonly alone: boolean;
}

/** Dummy addresses: scratch and variants depend on shapes and on which operands there are, never on where they are. */
function probe(call: SymbolCall): Call {
  const kinds = kindsOf(call.op);
  const args: Record<string, number> = {};
  for (const name of Object.keys(kinds)) {
    const value = call.args[name];
    args[name] = value === undefined ? NONE : typeof value === "number" ? value : 0;
  }
  return { op: call.op, args } as unknown as Call;
}

export function compileSegment(segment: Segment, context: CompileContext): PlacedSegment {
  const { graph, needs, layout, machine, options } = context;
  let ids = 0;
  const fixed = new Map<string, number>();
  const makeBuf = (floats: number, ld: number, channels: number, name: string | null): Buf => {
    if (name !== null) fixed.set(name, Math.max(floats, fixed.get(name) ?? 0));
    return { id: ids++, floats, ld, channels, fixed: name };
  };
  const boundary = (node: number, value: string, gradient: string): Boundary => {
    const { h, w, c } = sidesOf(graph.nodes[node]?.shape ?? []);
    const make = (name: string): Buf => makeBuf(options.batch * h * w * padTo4(c), padTo4(c), c, name);
    return { node, value: make(value), gradient: needs.has(node) ? make(gradient) : null };
  };
  const crossing = ({ node, name }: Crossing): Boundary => boundary(node, `value:${name}`, `gradient:${name}`);
  const source = graph.nodes.find((node) => node.attrs.op === "input");
  const reads = graph.nodes.some((node) => segment.members.has(node.id) && source !== undefined && node.inputs.includes(source.id));
  const inputs = segment.inputs.map(crossing);
  const outputs = segment.outputs.map(crossing);
  if (source && reads) inputs.push(boundary(source.id, inputNames.images, inputNames.imageGradient));
  const lowering = new Lowering(graph, segment.members, needs, options, layout, [...inputs, ...outputs], makeBuf);
  const output = lowerAll(lowering, inputs, outputs);
  const variant = (call: SymbolCall): string => machine.variant(probe(call));
  const withScratch = (calls: readonly SymbolCall[]): SymbolCall[] => calls.map((call) => addScratch(call, machine, makeBuf));
  const all = schedule(withScratch(lowering.forward), variant, machine.maxBatch);
  const backward = schedule(withScratch(lowering.backward), variant, machine.maxBatch);
  const setup = options.hoist === true ? all.filter(isConstant) : [];
  const forward = setup.length === 0 ? all : all.filter((group) => !isConstant(group));
  return { setup, forward, backward, ...placeBuffers(setup, forward, backward, context.alone, output), fixed, output };
}

/** Groups that make coefficients of given statistics. */
function isConstant(group: readonly SymbolCall[]): boolean {
  return group.every(({ op }) => op === "normFixed" || op === "plainCoef");
}

/** Lowers both passes; the output's value when the segment has it. */
function lowerAll(l: Lowering, inputs: readonly Boundary[], outputs: readonly Boundary[]): Ref | null {
  const { graph, members, options } = l;
  const nodes = graph.nodes.filter((node) => members.has(node.id));
  for (const node of nodes) lowerForward(l, node);
  for (const { node, value } of outputs) {
    const [made, place] = [l.value(node), l.places.get(node)];
    const there = place !== undefined && made.view.buf === value && made.load.mode === 0 && made.view.at === 0;
    if (place !== undefined && !there) l.copy(made, place);
  }
  const output = members.has(graph.output) ? l.stored(l.value(graph.output)) : null;
  const seeds = seedsOf(l, output);
  if (options.train) {
    l.turn();
    for (const { value, gradient } of seeds) l.gradients.pass(value, gradient);
    for (const { node, gradient } of outputs) {
      const made = l.value(node);
      if (gradient) l.gradients.pass(made, { ...made.view, buf: gradient, at: 0 });
    }
    for (const node of [...nodes].reverse()) lowerBackward(l, node);
    for (const { node, gradient } of inputs) if (gradient) l.gradients.finishInPlace(node, l.value(node).view);
  }
  return output && refOf(output.view);
}

interface Seed {
  readonly value: Value;
  readonly gradient: View;
}

/** Where the backward pass begins: the losses' gradients (which lowers the losses), or the one that the frame brings. */
function seedsOf(l: Lowering, output: Value | null): Seed[] {
  const { graph, members, options } = l;
  const { auxiliary } = graph;
  if (options.loss === null) return [];
  if (options.loss === "given") return output ? [{ value: output, gradient: upstreamOf(l, output.view) }] : [];
  if (auxiliary && options.loss === "teacher") throw new AppError("bug", "a teacher has no logits for an auxiliary classifier");
  const seeds: Seed[] = [];
  if (output) seeds.push({ value: output, gradient: lowerLoss(l, output.view, 1) });
  if (auxiliary && members.has(auxiliary.output)) {
    const value = l.stored(l.value(auxiliary.output));
    seeds.push({ value, gradient: lowerLoss(l, value.view, auxiliary.weight) });
  }
  return seeds;
}

/** The place of the output's gradient, filled by the host. */
function upstreamOf(l: Lowering, { h, w, channels }: View): View {
  const ld = padTo4(channels);
  return { buf: l.fixedInput(inputNames.upstream, h * w * ld, ld, channels), at: 0, h, w, channels };
}

/** `weight` times the softmax loss on logits; where its gradient is. */
function lowerLoss(l: Lowering, z: View, weight: number): View {
  const { train, loss, batch } = l.options;
  const dz = l.map(1, 1, z.channels);
  const t = loss === "teacher" ? l.fixedInput(inputNames.teacher, padded(z)) : l.fixedInput(inputNames.labels, 1);
  const metrics = train ? l.layout.losses.at : l.layout.evaluations.at;
  l.emit("softmaxLoss", {
    z: refOf(z), zld: z.buf.ld, t: l.whole(t), tld: t.ld, mode: loss === "teacher" ? 2 : 0, dz: train ? refOf(dz) : NONE, dzld: dz.buf.ld, classes: z.channels, B: batch,
    gradScale: weight / batch, lossScale: train ? weight / batch : weight, hyper: l.layout.hyper, metrics,
  }); // prettier-ignore
  return dz;
}

function addScratch(call: SymbolCall, machine: Machine, makeBuf: (floats: number, ld: number, channels: number, name: null) => Buf): SymbolCall {
  if (!("tmp" in kindsOf(call.op))) return call;
  const floats = padTo4(machine.scratchFloats(probe(call)));
  if (floats === 0) return { op: call.op, args: { ...call.args, tmp: NONE } };
  return { op: call.op, args: { ...call.args, tmp: { buf: makeBuf(floats, floats, floats, null), at: 0, span: floats } } };
}

function placeBuffers(setup: readonly (readonly SymbolCall[])[], forward: readonly (readonly SymbolCall[])[], backward: readonly (readonly SymbolCall[])[], alone: boolean, output: Ref | null) {
  const lives = new Map<number, { floats: number; first: number; last: number }>();
  const touch = (buf: Buf, time: number): void => {
    if (buf.fixed !== null) return;
    const life = lives.get(buf.id);
    if (life) life.last = time;
    else lives.set(buf.id, { floats: buf.floats, first: time, last: time });
  };
  [...forward, ...backward].forEach((group, time) => {
    for (const call of group) {
      for (const { ref } of accessesOf(call)) touch(ref.buf, time);
    }
  });
  const end = forward.length + backward.length;
  // What was set up is read in every pass.
  for (const call of setup.flat()) for (const { ref } of accessesOf(call)) lives.set(ref.buf.id, { floats: ref.buf.floats, first: 0, last: end });
  // The output is read after the run.
  if (output) touch(output.buf, end);
  const all = [...lives].map(([id, life]): Lifetime => ({ id, ...life }));
  const crosses = (life: Lifetime): boolean => !alone && life.first < forward.length && life.last >= forward.length;
  const saved = place(all.filter(crosses).map((life) => ({ ...life, first: 0, last: end })));
  const temporary = place(all.filter((life) => !crosses(life)));
  return { saved: saved.offsets, savedFloats: saved.floats, temporary: temporary.offsets, temporaryFloats: temporary.floats };
}

