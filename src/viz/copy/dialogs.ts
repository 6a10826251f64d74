/** Visible text of the dialogs: export, import, help, about. */

export interface FormatCopy {
  readonly name: string;
  readonly what: string;
}

const formats: Readonly<Record<string, FormatCopy>> = {
  arch: { name: "Architecture (JSON)", what: "Lossless: choices, origin, metrics and how it was found" },
  "razor-1x": { name: "MMRazor subnet (YAML, 1.x)", what: "One chosen op a layer, for MMRazor 1.x" },
  "razor-0x": { name: "MMRazor subnet (YAML, 0.x)", what: "The list form of MMRazor 0.x" },
  "spos-vector": { name: "SPOS gene vector", what: "Indices of the choices, as the authors write them" },
  genotype: { name: "Genotype", what: "Cells as their authors print them" },
  nni: { name: "NNI architecture dict", what: "Choices by name, as NNI exports them" },
  "razor-cells": {
    name: "MMRazor subnet (YAML, DARTS)",
    what: "Two edges a node, one op an edge",
  },
  ofa: { name: "OFA dict", what: "Kernel, expansion and depth, as Once-for-All writes its networks" },
  "cells-svg": { name: "Cells (SVG picture)", what: "With a legend, in the theme on screen" },
  "cells-png": { name: "Cells (PNG picture)", what: "The same picture at twice its size" },
  "latency-table": { name: "Latency table (JSON)", what: "Times of every block on one device, for searches elsewhere" },
  safetensors: { name: "Weights (safetensors)", what: "Parameters of the retrained network, by name" },
  tfjs: { name: "TensorFlow.js model", what: "A zip with model.json and weights" },
};

export interface Shortcut {
  readonly keys: string;
  readonly what: string;
}

const shortcuts: readonly { readonly group: string; readonly rows: readonly Shortcut[] }[] = [
  {
    group: "Run",
    rows: [
      { keys: "Space", what: "Train or pause" },
      { keys: ".", what: "One step" },
      { keys: "Shift .", what: "One generation, or 100 steps" },
      { keys: "R", what: "Reset, same seed" },
      { keys: "L", what: "Back to live" },
      { keys: ", ;", what: "Back and forward in time" },
    ],
  },
  {
    group: "Look",
    rows: [
      { keys: "1 … 7", what: "Path, pool, curves, data, network, weights, cells" },
      { keys: "F", what: "Panel on the full stage" },
      { keys: "T", what: "Panel as a table" },
      { keys: "D", what: "Describe the panel" },
      { keys: "Arrows", what: "Move inside a panel" },
    ],
  },
  {
    group: "Compare",
    rows: [
      { keys: "P", what: "Pin what is focused" },
      { keys: "C", what: "Compare with pin A" },
      { keys: "[ ]", what: "To the parent, to a child" },
      { keys: "Esc", what: "Clear focus and pins, leave the full stage" },
    ],
  },
  {
    group: "Take home",
    rows: [
      { keys: "E", what: "Export" },
      { keys: "?", what: "This list" },
    ],
  },
];

export const dialogs = {
  export: {
    title: "Export",
    lead: "The best network of the run, or the one on show.",
    formats,
    list: "Format",
    preview: "Preview",
    making: "Preparing…",
    binary: (size: string): string => `Binary file, ${size}. Nothing to preview.`,
    cut: (shown: string): string => `The first ${shown}. Copy and download take all of it.`,
    picture: (name: string): string => `Preview of ${name}`,
    cannot: (why: string): string => `Not for this network. ${why}`,
    unavailable: "Not available yet",
    failed: "This format could not be written.",
    saved: (name: string): string => `${name} downloaded.`,
  },
  import: {
    titleOf: (name: string): string => (name === "" ? "Import" : `Import ${name}`),
    found: (format: string, space: string, size: string): string => `${format} for ${space}, size ${size}`,
    architecture: "Architecture",
    device: "Measured on",
    missing: "Missing",
    understood: "Understood",
    mapped: "Mapped",
    ignored: "Ignored",
    warnings: "Note",
    fits: (list: string): string => `Also fits ${list}.`,
    none: "nothing",
    apply: "Show this network",
    applyTable: "Use this table",
    tableHint: "Applying keeps the table; the next search by latency weighs it. The run goes on with its own.",
    chooseHint: "Applying shows the network, pins it and makes it exportable. The run goes on.",
  },
  /** Text alternative of the picture of cells. */
  picture: {
    node: (node: number, opA: string, fromA: string, opB: string, fromB: string): string =>
      `Node ${node} adds ${opA} of ${fromA} and ${opB} of ${fromB}.`,
    edge: (from: number, to: number, op: string): string => `Node ${to} adds ${op} of node ${from}.`,
    concat: (nodes: readonly number[]): string =>
      nodes.length === 1 ? `It gives out node ${nodes[0]}.` : `It gives out nodes ${nodes.join(", ")}.`,
  },
  help: {
    title: "Keyboard shortcuts",
    lead: "Letters are off while you type in a field.",
    shortcuts,
  },
  about: {
    title: "About",
    lead: "Neural architecture search, from the first training step to the exported network, in a browser tab. Nothing leaves this device.",
    licence: "NAS Playground is free software under the MIT licence.",
    dataTitle: "Pictures",
    dataCredit:
      "Emoji-10 is composed from Noto Emoji (Google, Apache-2.0), Twemoji (Twitter, Inc. and other contributors, graphics CC-BY 4.0, modified), Fluent Emoji (Microsoft, MIT).",
    cifar:
      "CIFAR-10: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009. It is not shipped; you bring it.",
    methodsTitle: "Methods",
    methods: [
      "Single Path One-Shot: Z. Guo et al., ECCV 2020 (arXiv 1904.00420)",
      "DARTS: H. Liu, K. Simonyan, Y. Yang, ICLR 2019 (arXiv 1806.09055)",
      "GDAS: X. Dong, Y. Yang, CVPR 2019 (arXiv 1910.04465)",
      "Search space macro8 and the truth table: X. Su et al., NAS-Bench-Macro, CVPR 2021",
      "Strictly fair sampling: X. Chu et al., FairNAS (arXiv 1907.01845)",
    ],
    libsTitle: "Built with",
    libs: "TensorFlow.js (Apache-2.0), React, zustand, Radix, react-resizable-panels, dagre (MIT), D3 and Lucide icons (ISC).",
  },
} as const;
