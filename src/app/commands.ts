/** What each command of the keyboard map does. The same functions stand behind the buttons, so that both cannot drift apart. */
import { actions } from "@/store/actions";
import { history } from "@/store/history";
import { runStore } from "@/store/run";
import { announce, clearFocus, clearPins, type PanelId, pin, setCursor, setFocus, viewStore } from "@/store/view";
import { figureCommands, focusFigure } from "@/ui/figureCommands";
import { toggleFull } from "@/ui/Figure";
import { text } from "@/viz/copy";
import type { CommandName } from "./keyboard";
import { childOf, focusedCandidate, focusOf, parentOf } from "./lineage";

/** By number key, from 1. */
export const panelOrder: readonly PanelId[] = ["path", "pool", "curves", "data", "network", "streams", "cells"];

/** Steps of Shift+. while training; in the search it is one generation. */
const BIG_STEP = 100;

export function toggleTrain(): void {
  const { latest, queued } = runStore.getState();
  if (latest?.status === "running" || queued) actions().pause();
  else actions().train();
}

function bigStep(): void {
  const { latest, plan } = runStore.getState();
  const generation = plan?.config["evo.pool"] ?? BIG_STEP;
  actions().step(latest?.phase === "search" ? generation : BIG_STEP);
}

/** Bring a panel to the front and put the keyboard into it. */
export function showPanel(panel: PanelId): void {
  viewStore.setState((state) => ({ panel, fullPanel: state.fullPanel === null ? null : panel }));
  // The panel may be mounted by this very change.
  requestAnimationFrame(() => focusFigure(panel));
}

/** The panel a bare T, D or F means: the focused one, else the one in front. */
function currentPanel(): PanelId {
  const focused = document.activeElement?.closest<HTMLElement>("[data-panel]")?.dataset["panel"];
  return panelOrder.find((panel) => panel === focused) ?? viewStore.getState().panel;
}

function walk(direction: "parent" | "child"): void {
  const { focus, pinA } = viewStore.getState();
  const candidates = history.candidates();
  const from = focusedCandidate(focus, candidates) ?? (pinA === null ? null : focusedCandidate(pinA, candidates));
  if (from === null) return announce(text.shell.walk.nothing);
  const to = direction === "parent" ? parentOf(from, candidates) : childOf(from, candidates);
  if (to === null) return announce(direction === "parent" ? text.shell.walk.noParent : text.shell.walk.noChild);
  setFocus(focusOf(to));
  announce(`#${to.index} ${to.id}`);
}

function scrub(direction: -1 | 1): void {
  const { cursor } = viewStore.getState();
  const newest = runStore.getState().latest?.step ?? 0;
  if (newest === 0) return;
  const to = (cursor ?? newest) + direction * Math.max(1, Math.round(newest / 100));
  setCursor(to >= newest ? null : Math.max(0, to));
}

export function pinFocus(): void {
  const { focus } = viewStore.getState();
  if (Object.keys(focus).length === 0) return announce(text.shell.walk.noPin);
  pin(focus);
  announce(text.shell.walk.pinnedAs);
}

/** With A pinned, what is focused becomes B, and the two stand side by side. */
function compare(): void {
  const { focus, pinA } = viewStore.getState();
  if (pinA === null || Object.keys(focus).length === 0) return pinFocus();
  viewStore.setState({ pinB: focus });
  announce(text.shell.walk.pinnedAs);
}

function escape(): void {
  if (viewStore.getState().fullPanel !== null) return viewStore.setState({ fullPanel: null });
  clearFocus();
  clearPins();
}

const effects: Readonly<Record<CommandName, () => void>> = {
  toggleTrain,
  step: () => actions().step(1),
  bigStep,
  reset: () => actions().reset(),
  live: () => setCursor(null),
  parent: () => walk("parent"),
  child: () => walk("child"),
  back: () => scrub(-1),
  forward: () => scrub(1),
  full: () => toggleFull(currentPanel()),
  pin: pinFocus,
  compare,
  table: () => figureCommands(currentPanel())?.toggleTable(),
  describe: () => figureCommands(currentPanel())?.describe(),
  export: () => viewStore.setState({ dialog: "export" }),
  help: () => viewStore.setState({ dialog: "help" }),
  escape,
  panel1: () => showPanel("path"),
  panel2: () => showPanel("pool"),
  panel3: () => showPanel("curves"),
  panel4: () => showPanel("data"),
  panel5: () => showPanel("network"),
  panel6: () => showPanel("streams"),
  panel7: () => showPanel("cells"),
  panel8: () => showPanel("theta"),
  panel9: () => showPanel("latency"),
  panel10: () => showPanel("joint"),
};

export function runCommand(name: CommandName): void {
  effects[name]();
}
