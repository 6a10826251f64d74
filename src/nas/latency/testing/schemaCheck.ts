/** As much of JSON Schema as the published latency table schema uses; a keyword that it does not know is an error, so that none is passed over. */

type Schema = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);

const typeOf: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number" && Number.isFinite(value),
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
};

type Keyword = (given: never, value: unknown, fits: (schema: Schema, value: unknown) => boolean) => boolean;

const notes = (): boolean => true;
const ofNumber =
  (test: (value: number, bound: number) => boolean) =>
  (bound: number, value: unknown): boolean =>
    typeof value !== "number" || test(value, bound);

const keywords: Readonly<Record<string, Keyword>> = {
  $schema: notes,
  $defs: notes,
  title: notes,
  description: notes,
  type: (name: string, value) => typeOf[name]?.(value) ?? false,
  const: (wanted: unknown, value) => wanted === value,
  enum: (list: readonly unknown[], value) => list.includes(value),
  minimum: ofNumber((value, bound) => value >= bound),
  maximum: ofNumber((value, bound) => value <= bound),
  exclusiveMinimum: ofNumber((value, bound) => value > bound),
  maxLength: (length: number, value) => typeof value !== "string" || value.length <= length,
  pattern: (pattern: string, value) => typeof value !== "string" || new RegExp(pattern, "u").test(value),
  maxItems: (count: number, value) => !Array.isArray(value) || value.length <= count,
  items: (schema: Schema, value, fits) => !Array.isArray(value) || value.every((item) => fits(schema, item)),
  required: (names: readonly string[], value) => !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  properties: (schemas: Readonly<Record<string, Schema>>, value, fits) =>
    !isObject(value) || Object.entries(schemas).every(([name, schema]) => !Object.hasOwn(value, name) || fits(schema, value[name])),
  anyOf: (schemas: readonly Schema[], value, fits) => schemas.some((schema) => fits(schema, value)),
  not: (schema: Schema, value, fits) => !fits(schema, value),
};

/** Whether a JSON value satisfies the schema. Throws for a keyword or reference that is not known here. */
export function satisfies(root: Schema, value: unknown): boolean {
  const fits = (schema: Schema, part: unknown): boolean =>
    Object.entries(schema).every(([name, given]) => {
      if (name === "$ref") {
        const found = String(given)
          .slice(2)
          .split("/")
          .reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), root);
        if (!isObject(found)) throw new Error(`unknown reference ${String(given)}`);
        return fits(found, part);
      }
      const keyword = keywords[name];
      if (!keyword) throw new Error(`unknown keyword ${name}`);
      return keyword(given as never, part, fits);
    });
  return fits(root, value);
}
