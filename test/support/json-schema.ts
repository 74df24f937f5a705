type Schema = Readonly<Record<string, unknown>>;
type Rule = (wanted: unknown, value: unknown, schema: Schema) => boolean;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: (value) => Array.isArray(value),
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

/** A rule about numbers, about texts, about lists: it says nothing of what is none. */
const ofNumber =
  (rule: (wanted: number, value: number) => boolean): Rule =>
  (wanted, value) =>
    typeof value !== 'number' || rule(wanted as number, value);
const ofText =
  (rule: (wanted: string & number, value: string) => boolean): Rule =>
  (wanted, value) =>
    typeof value !== 'string' || rule(wanted as string & number, value);
const ofList =
  (rule: (wanted: number & Schema, value: readonly unknown[]) => boolean): Rule =>
  (wanted, value) =>
    !Array.isArray(value) || rule(wanted as number & Schema, value);

/** The keywords of draft 2020-12 that this project's schemas have; any other is a mistake. */
const rules: Readonly<Record<string, Rule>> = {
  type: (wanted, value) => types[wanted as string]?.(value) === true,
  enum: (wanted, value) => (wanted as readonly unknown[]).includes(value),
  not: (wanted, value) => !fits(wanted as Schema, value),
  anyOf: (wanted, value) => (wanted as readonly Schema[]).some((each) => fits(each, value)),
  minimum: ofNumber((wanted, value) => value >= wanted),
  maximum: ofNumber((wanted, value) => value <= wanted),
  multipleOf: ofNumber((wanted, value) => value % wanted === 0),
  minLength: ofText((wanted, value) => Array.from(value).length >= wanted),
  maxLength: ofText((wanted, value) => Array.from(value).length <= wanted),
  pattern: ofText((wanted, value) => new RegExp(wanted, 'u').test(value)),
  minItems: ofList((wanted, value) => value.length >= wanted),
  maxItems: ofList((wanted, value) => value.length <= wanted),
  items: ofList((wanted, value) => value.every((each) => fits(wanted, each))),
  required: (wanted, value) =>
    !isObject(value) || (wanted as readonly string[]).every((key) => Object.hasOwn(value, key)),
  properties: (wanted, value) =>
    !isObject(value) ||
    Object.entries(wanted as Readonly<Record<string, Schema>>).every(
      ([key, schema]) => !Object.hasOwn(value, key) || fits(schema, value[key]),
    ),
  additionalProperties: (_wanted, value, { properties = {} }) =>
    !isObject(value) || Object.keys(value).every((key) => Object.hasOwn(properties as object, key)),
};

const words: ReadonlySet<string> = new Set(['$schema', '$id', 'title', 'description', 'default']);

/** Whether a JSON schema takes a value. Throws for a keyword that it does not know. */
export function fits(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, wanted]) => {
    if (words.has(keyword)) return true;
    const rule = rules[keyword];
    if (rule === undefined) throw new Error(`expected a known keyword, got ${keyword}`);
    return rule(wanted, value, schema);
  });
}
