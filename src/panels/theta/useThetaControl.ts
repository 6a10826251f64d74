/** What a reader does with the op probabilities: the view, arrow keys, pins, and pointing. */
import { type KeyboardEvent, useState } from "react";
import { announce, type Focus, pin, setFocus, viewStore } from "@/store/view";
import { text as copy } from "@/viz/copy";
import { describeDecision, describeOp } from "./describe";
import { focusOf, namesRow, opOf, type RowRef } from "./focus";
import type { Decision } from "./masks";
import type { ThetaLayer } from "./model";
import type { ThetaView } from "./useThetaView";

const text = copy.theta;

/** A row of the picture: what it is to the focus, its ops bottom to top, and how it is read out. */
export interface ReadableRow extends RowRef {
  readonly order: readonly number[];
  readonly winner: number;
  say(op: number | null): string;
}

export function layerRow(layer: ThetaLayer, metric: Parameters<typeof describeOp>[2]): ReadableRow {
  const { group, row, slot, ops, order, winner } = layer;
  return { group, row, slot, ops, order, winner, say: (op) => describeOp(layer, op, metric) };
}

/** A decision stands alone in a group of the architecture weights. */
export function decisionRow(decision: Decision, ops: readonly string[]): ReadableRow {
  const { row, options, winner } = decision;
  return { group: row, row: 0, slot: null, ops, order: options.map((_, k) => k), winner, say: (op) => describeDecision(decision, op) };
}

export function rowsOf({ layers, masks }: Pick<ThetaView, "layers" | "masks">): ReadableRow[] {
  if (masks) return masks.decisions.map((decision) => decisionRow(decision, masks.groups[decision.row]?.ops ?? []));
  return layers ? layers.layers.map((layer) => layerRow(layer, layers.metric)) : [];
}

const moves: Readonly<Record<string, readonly [rows: number, ops: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** Where an arrow leads from the focus: left and right over rows, up and down through the stack; the first press lands on the first row's leader. */
export function moved(rows: readonly ReadableRow[], key: string, focus: Focus): { readonly row: ReadableRow; readonly op: number } | null {
  const [across, up] = moves[key] ?? [0, 0];
  const at = rows.findIndex((row) => namesRow(focus, row) === true);
  const clamp = (value: number, count: number): number => Math.min(count - 1, Math.max(0, value));
  const row = rows[at < 0 ? 0 : clamp(at + across, rows.length)];
  if (!row) return null;
  const known = at < 0 ? null : opOf(focus, row);
  if (known === null) return { row, op: row.winner };
  return { row, op: row.order[clamp(row.order.indexOf(known) + up, row.order.length)] ?? row.winner };
}

export interface ThetaControl {
  /** Whether the explanation of zeros between the pixels is shown instead of the decisions. */
  readonly isWhy: boolean;
  toggleWhy(): void;
  /** Keys of the panel; true when the key was one. */
  onKey(event: KeyboardEvent<HTMLElement>, view: ThetaView): boolean;
}

export function useThetaControl(): ThetaControl {
  const [isWhy, setWhy] = useState(false);
  const toggleWhy = (): void => {
    setWhy(!isWhy);
    announce(text.saidView(!isWhy));
  };
  return {
    isWhy,
    toggleWhy,
    onKey: ({ key }, view) => {
      if (key.toLowerCase() === "v" && view.masks) {
        toggleWhy();
        return true;
      }
      if (!view.hasTheta) return false;
      const { focus } = viewStore.getState();
      if (key in moves) {
        const place = moved(rowsOf(view), key, focus);
        if (!place) return false;
        setFocus(focusOf(place.row, place.op));
        announce(place.row.say(place.op));
        return true;
      }
      if (key !== "Enter" || (focus.edge === undefined && focus.slot === undefined && focus.op === undefined)) return false;
      pin(focus);
      return true;
    },
  };
}
