/** `schedules.json`: a value an epoch, one case a schedule; which formula it is follows from its fields. */
import { cosine, dropPathRamp, temperature, temperatureNni } from "@/nn/schedule";
import type { Handler } from "../types";
import { type Fields, fileOf, runCases } from "./fields";

const TOLERANCE = 1e-7;

interface Formula {
  /** The field that only this formula has. */
  readonly key: string;
  readonly at: (schedule: Fields, epoch: number, total: number) => number;
}

const formulas: readonly Formula[] = [
  { key: "base", at: (s, epoch, total) => cosine(s.number("base"), epoch, total, s.numberOr("eta_min", 0)) },
  { key: "p_max", at: (s, epoch, total) => dropPathRamp(s.number("p_max"), epoch, total) },
  { key: "tau_max", at: (s, epoch, total) => temperature(s.number("tau_max"), s.number("tau_min"), epoch, total) },
  { key: "init", at: (s, epoch, total) => temperatureNni(s.number("init"), s.number("min"), epoch, total) },
];

/** Fields of the file that describe it. */
const DESCRIPTIVE = new Set(["source", "description", "layout", "f32_rel_dev"]);

export const schedules: Handler = async (value) => {
  const file = fileOf(value);
  const names = file.keys().filter((key) => !DESCRIPTIVE.has(key));
  return runCases(names, (name) => name, (name, compare) => {
    const schedule = file.fields(name);
    const formula = formulas.find(({ key }) => schedule.has(key));
    if (formula === undefined) throw new Error(`"${name}" has none of the fields ${formulas.map(({ key }) => key).join(", ")}, so its formula is not known.`);
    const values = ["lr", "p", "tau", "values"].find((key) => schedule.has(key)) ?? "values";
    const total = schedule.number("T");
    const got = schedule.numbers("epochs").map((epoch) => formula.at(schedule, epoch, total));
    compare.tensor(values, got, schedule.numbers(values), TOLERANCE);
  });
};
