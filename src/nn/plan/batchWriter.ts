/** Brings a batch to the device: images with channels padded to four, labels as floats, through staging arrays that live as long as the executor. */
import { padTo4 } from "@/kernels/isa/isa";
import type { ArenaMemory, Machine } from "@/kernels/isa/machine";
import { AppError } from "@/lib/appError";
import type { Graph } from "@/nas/graph";
import type { Batch } from "../executor";
import { inputNames } from "./compile";
import type { Frame } from "./frame";

/** Units of a dropout's vector; null for a path that is dropped as a whole. */
function unitsOf(graph: Graph, scope: string): number | null {
  const node = graph.nodes.find(({ attrs }) => attrs.op === "dropPath" && attrs.scope === scope);
  return node?.attrs.op === "dropPath" && node.attrs.units === true ? (node.shape.at(-1) ?? 0) : null;
}

export class BatchWriter {
  private readonly machine: Machine;
  private images = new Float32Array(0);
  private small = new Float32Array(0);

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** The gradient of the output, [size, …shape], where the frame takes it from outside. Throws `bug` when it has another length. */
  writeUpstream(frame: Frame, activations: ArenaMemory, graph: Graph, size: number, upstream: Float32Array): void {
    const shape = graph.nodes[graph.output]?.shape ?? [];
    const channels = shape.at(-1) ?? 0;
    const rows = size * shape.slice(0, -1).reduce((a, n) => a * n, 1);
    if (upstream.length !== rows * channels) throw new AppError("bug", `${upstream.length} numbers as the gradient of ${rows} × ${channels}`);
    const at = frame.addressOf(inputNames.upstream);
    if (at !== null) this.writeRows(activations, at, upstream, rows, channels);
  }

  /** Fills the places that the frame's segments read. Throws `bug` when the arrays are too short. */
  write(frame: Frame, activations: ArenaMemory, graph: Graph, batch: Batch, teacher: Float32Array | null): void {
    const [h = 0, w = 0, c = 0] = graph.nodes.find((node) => node.attrs.op === "input")?.shape ?? [];
    const { size } = batch;
    if (size < 1 || batch.images.length < size * h * w * c || batch.labels.length < size) throw new AppError("bug", `a batch of ${size} images of ${h}×${w}×${c} does not fit its arrays`);
    const at = frame.addressOf(inputNames.images);
    if (at !== null) this.writeImages(activations, at, batch.images, size * h * w, c);
    const labels = frame.addressOf(inputNames.labels);
    if (labels !== null) {
      const staged = this.stage(size);
      for (let i = 0; i < size; i++) staged[i] = batch.labels[i] as number;
      this.machine.write(activations, labels, staged, 0, size);
    }
    const soft = frame.addressOf(inputNames.teacher);
    if (soft !== null && teacher !== null) this.writeRows(activations, soft, teacher, size, teacher.length / size);
    for (const name of frame.maskNames) {
      const place = frame.addressOf(`mask:${name}`);
      const given = batch.masks?.get(name);
      const units = unitsOf(graph, name);
      if (place === null) continue;
      if (units !== null) {
        this.writeRows(activations, place, given ?? new Float32Array(size * units).fill(1), size, units);
        continue;
      }
      const staged = this.stage(size);
      for (let i = 0; i < size; i++) staged[i] = given?.[i] ?? 1;
      this.machine.write(activations, place, staged, 0, size);
    }
  }

  private writeImages(activations: ArenaMemory, at: number, images: Float32Array, pixels: number, channels: number): void {
    const lanes = padTo4(channels);
    if (lanes === channels) {
      this.machine.write(activations, at, images, 0, pixels * channels);
      return;
    }
    const floats = pixels * lanes;
    if (this.images.length < floats) this.images = new Float32Array(floats);
    const staged = this.images;
    if (channels === 3) {
      for (let i = 0, from = 0, to = 0; i < pixels; i++, from += 3, to += 4) {
        staged[to] = images[from] as number;
        staged[to + 1] = images[from + 1] as number;
        staged[to + 2] = images[from + 2] as number;
        // A batch of other channels may have been here.
        staged[to + 3] = 0;
      }
    } else for (let i = 0; i < pixels; i++) for (let c = 0; c < lanes; c++) staged[i * lanes + c] = c < channels ? (images[i * channels + c] as number) : 0;
    this.machine.write(activations, at, staged, 0, floats);
  }

  /** Rows of channels, zeros behind each. */
  private writeRows(activations: ArenaMemory, at: number, values: Float32Array, rows: number, channels: number): void {
    const lanes = padTo4(channels);
    const staged = this.stage(rows * lanes);
    for (let i = 0; i < rows; i++) for (let c = 0; c < lanes; c++) staged[i * lanes + c] = c < channels ? (values[i * channels + c] as number) : 0;
    this.machine.write(activations, at, staged, 0, rows * lanes);
  }

  private stage(floats: number): Float32Array {
    if (this.small.length < floats) this.small = new Float32Array(Math.max(256, floats));
    return this.small;
  }
}
