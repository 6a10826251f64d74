/** Kinds that are known but wait for their method; each is one line `pending` until then. */

const DSNET = [
  "block",
  "dynamic_eval",
  "dynamic_stage",
  "gate",
  "ieb",
  "macs",
  "sgs",
  "slice_layers",
  "switch_bn",
];

const waitsFor = (folder: string, method: string, names: readonly string[]): [string, string][] =>
  names.map((name) => [`${folder}/${name}.json`, method]);

/** Kind → the method that will bring it. */
export const PENDING: Readonly<Record<string, string>> = Object.fromEntries([
  ...waitsFor("dsnet", "DS-Net", DSNET),
]);
