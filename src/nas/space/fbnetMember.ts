/** Networks of one width each: the members of FBNetV2 and V3 spaces, blocks as spec fbnet 1.2 with the first 1×1 convolution kept. */
import type { GraphBuilder } from "../graphBuilder";

export type FbnetActivation = "relu" | "hswish";

export interface MemberBlock {
  /** Prefix of every name. */
  readonly at: string;
  readonly mid: number;
  readonly cout: number;
  readonly k: number;
  readonly stride: number;
  /** Whether the input is added. */
  readonly adds: boolean;
  /** Mutables that put expansion, depthwise and projection there. */
  readonly slots: { readonly expand: string; readonly depthwise: string; readonly project: string };
}

function act(b: GraphBuilder, kind: FbnetActivation, name: string, from: number): number {
  return kind === "relu" ? b.relu(name, from) : b.hswish(name, from);
}

/** k×k convolution, norm and activation under `<name>.conv`, `.bn` and the activation's name. */
export function addConvUnit(b: GraphBuilder, name: string, from: number, { cout, k = 1, stride = 1 }: { readonly cout: number; readonly k?: number; readonly stride?: number }, kind: FbnetActivation): number {
  return act(b, kind, `${name}.${kind}`, b.batchNorm(`${name}.bn`, b.conv(`${name}.conv`, from, { cout, k, stride })));
}

/**
 * 1×1 → BN → activation → depthwise → BN → activation → 1×1 → BN, plus the input where it `adds`. Depthwise and its norm carry the kernel's side in
 * their names: in a search network every kernel has its own.
 */
export function addMemberBlock(b: GraphBuilder, from: number, { at, mid, cout, k, stride, adds, slots }: MemberBlock, kind: FbnetActivation): number {
  const wide = b.inSlot(slots.expand, () => act(b, kind, `${at}.${kind}1`, b.batchNorm(`${at}.bn1`, b.conv(`${at}.expand`, from, { cout: mid }))));
  const filtered = b.inSlot(slots.depthwise, () => act(b, kind, `${at}.${kind}2`, b.batchNorm(`${at}.k${k}.bn2`, b.depthwise(`${at}.k${k}.dw`, wide, { k, stride }))));
  return b.inSlot(slots.project, () => {
    const narrow = b.batchNorm(`${at}.bn3`, b.conv(`${at}.project`, filtered, { cout }));
    return adds ? b.node(`${at}.add`, { op: "add" }, [narrow, from]) : narrow;
  });
}

/** Last convolution, pool and classifier. */
export function addMemberTail(b: GraphBuilder, from: number, last: number, classes: number, kind: FbnetActivation): number {
  return b.linear("classifier", b.node("pool", { op: "globalAvgPool" }, [addConvUnit(b, "last", from, { cout: last }, kind)]), classes);
}
