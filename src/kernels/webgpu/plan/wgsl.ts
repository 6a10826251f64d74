/**
 * From a pass's text to a shader module. A dispatch runs up to sixteen jobs of one text; its batch block (a uniform window) says where each job's workgroups
 * begin. A shader finds its job from the workgroup's number and loads the words that its body names, and only those are in the block.
 */
import { isa, type Arena, type FieldKind, type Instruction } from "../../isa/isa";
import { AppError } from "@/lib/appError";
import { MAX_BATCH, WORKGROUP, type Pass } from "./kernelDef";

/** Bytes of the uniform window of a batch. */
export const WINDOW_BYTES = 4096;

/** Words of a batch block before the jobs: jobs, workgroups, workgroups in x, 0, then the first workgroup of each job. */
export const HEAD_WORDS = 4 + MAX_BATCH;

/** How a word of the job is made: the divisor of an address or stride, and its type. */
export interface Word {
  readonly name: string;
  readonly float: boolean;
  readonly divisor: 1 | 4;
}

/** A shader text and the words that its jobs consist of. */
export interface Shader {
  readonly key: string;
  readonly code: string;
  readonly words: readonly Word[];
  /** Words of a job with its padding to 16 bytes. */
  readonly stride: number;
  readonly writesW: boolean;
}

const bindings: Readonly<Record<Arena, number>> = { A: 0, W: 1, G: 2, S: 3 };

const prelude = `
fn bounded(v: vec4f, lo: f32, hi: f32) -> vec4f {
  let low = select(v, vec4f(lo), v < vec4f(lo));
  return select(low, vec4f(hi), low > vec4f(hi));
}
fn atLeast(v: vec4f, lo: f32) -> vec4f { return select(v, vec4f(lo), v < vec4f(lo)); }
fn atMost(v: vec4f, hi: f32) -> vec4f { return select(v, vec4f(hi), v > vec4f(hi)); }
fn masked(v: vec4f, x: vec4f, lo: f32, hi: f32) -> vec4f { return select(vec4f(), v, (x > vec4f(lo)) & (x < vec4f(hi))); }
fn bounded1(v: f32, lo: f32, hi: f32) -> f32 {
  let low = select(v, lo, v < lo);
  return select(low, hi, low > hi);
}
fn inside(v: vec4f, lo: f32, hi: f32) -> vec4f {
  return select(vec4f(), vec4f(1.0), (v > vec4f(lo)) & (v < vec4f(hi)));
}
fn inside1(v: f32, lo: f32, hi: f32) -> f32 {
  return select(0.0, 1.0, v > lo && v < hi);
}
`;

function wordOf(name: string, op: Instruction, pass: Pass): Word {
  if (pass.ints !== undefined && name in pass.ints) return { name, float: false, divisor: 1 };
  if (pass.floats !== undefined && name in pass.floats) return { name, float: true, divisor: 1 };
  const kind = (isa[op] as Readonly<Record<string, FieldKind>>)[name];
  if (kind === undefined) throw new AppError("bug", `Shader ${pass.key} uses J.${name}, which ${op} doesn't have.`);
  if (kind === "f") return { name, float: true, divisor: 1 };
  if (kind === "i") return { name, float: false, divisor: pass.arenas.A === "vec4f" && /(ld|cs)$/.test(name) ? 4 : 1 };
  if (pass.arenas[kind] === undefined) {
    throw new AppError("bug", `Shader ${pass.key} uses J.${name} without declaring arena ${kind}.`);
  }
  return { name, float: false, divisor: pass.arenas[kind] === "vec4f" ? 4 : 1 };
}

/** Assembles the module of a pass of `op`. Throws `bug` for a body that names unknown fields or has too many. */
export function assemble(op: Instruction, pass: Pass): Shader {
  const { helpers = "", body } = pass.source();
  const names = [...new Set([...body.matchAll(/\bJ\.([A-Za-z_]\w*)/g)].map((match) => match[1] ?? ""))];
  const words = names.map((name) => wordOf(name, op, pass));
  const stride = Math.max(4, Math.ceil(words.length / 4) * 4);
  if ((HEAD_WORDS + MAX_BATCH * stride) * 4 > WINDOW_BYTES) {
    throw new AppError("bug", `Shader ${pass.key} has ${words.length} words a job; the window holds fewer.`);
  }
  const declared = (Object.keys(bindings) as Arena[]).flatMap((arena) => {
    const type = pass.arenas[arena];
    if (type === undefined) return [];
    const access = arena === "W" && pass.writesW !== true ? "read" : "read_write";
    return [`@group(0) @binding(${bindings[arena]}) var<storage, ${access}> ${arena}: array<${type}>;`];
  });
  const fields = [
    ...words.map((word) => `f_${word.name}: ${word.float ? "f32" : "i32"},`),
    ...Array.from({ length: stride - words.length }, (_, index) => `pad${index}: i32,`),
  ];
  const code = `
struct Job { ${fields.join(" ")} }
struct Batch { head: vec4u, first: array<vec4u, ${MAX_BATCH / 4}>, jobs: array<Job, ${MAX_BATCH}> }
${declared.join("\n")}
@group(0) @binding(4) var<uniform> batch: Batch;
${prelude}
${helpers}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let place = workgroup.y * batch.head.z + workgroup.x;
  if (place >= batch.head.y) { return; }
  var job = 0u;
  for (var t = 1u; t < batch.head.x; t++) {
    if (batch.first[t >> 2u][t & 3u] <= place) { job = t; }
  }
  let group = i32(place - batch.first[job >> 2u][job & 3u]);
  let lid = i32(thread);
  let i = group * ${WORKGROUP} + lid;
${words.map((word) => `  let J_${word.name} = batch.jobs[job].f_${word.name};`).join("\n")}
  ${body.replace(/\bJ\./g, "J_")}
}
`;
  return { key: pass.key, code, words, stride, writesW: pass.writesW === true };
}
