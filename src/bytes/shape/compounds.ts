import { didYouMean } from '../did-you-mean.ts';
import { kindOf, readShape, refuse, within } from './shape.ts';
import type { Shape, ShapePlace } from './shape.ts';

/** A key of an object that must be there. */
export interface NeededKey<T> {
  readonly shape: Shape<T>;
  readonly about: string;
  readonly needed: true;
}

/** A key of an object that may be left out. */
export interface OptionalKey<T> {
  readonly shape: Shape<T>;
  readonly about: string;
  readonly needed: false;
}

/** A key of an object that may be left out, and is this then. */
export interface UsualKey<T> {
  readonly shape: Shape<T>;
  readonly about: string;
  readonly needed: false;
  readonly usual: T;
}

/** The keys of an object. */
export type ShapeKeys = Readonly<
  Record<string, NeededKey<unknown> | OptionalKey<unknown> | UsualKey<unknown>>
>;

/** That each key of a thing is in its table. */
export type KeysOf<T> = {
  readonly [Key in keyof T]-?: NeededKey<unknown> | OptionalKey<unknown> | UsualKey<unknown>;
};

/** Keys that have to stand in what is read. */
type HadKey<T> = NeededKey<T> | UsualKey<T>;

/** What an object with these keys is read as. */
export type ObjectOf<K extends ShapeKeys> = {
  readonly [N in keyof K as K[N] extends HadKey<unknown> ? N : never]: K[N] extends HadKey<infer T>
    ? T
    : never;
} & {
  readonly [N in keyof K as K[N] extends HadKey<unknown> ? never : N]?: K[N] extends OptionalKey<
    infer T
  >
    ? T
    : never;
};

/** A key that must be there; `about` is what an editor shows. */
export function need<T>(shape: Shape<T>, about: string): NeededKey<T> {
  return { shape, about, needed: true };
}

/** A key that may be left out. */
export function may<T>(shape: Shape<T>, about: string): OptionalKey<T> {
  return { shape, about, needed: false };
}

/** A key that may be left out; `value` is what it is then. */
export function usual<T>(shape: Shape<T>, about: string, value: NoInfer<T>): UsualKey<T> {
  return { shape, about, needed: false, usual: value };
}

/** Throws for a key that means nothing: it is a slip, and what it meant would not happen. */
function refuseStrangers(value: object, known: readonly string[], place: ShapePlace): void {
  const strange = Object.keys(value).find((key) => !known.includes(key));
  if (strange === undefined) return;
  const hint = didYouMean(strange, known) || `; known: ${known.join(', ')}`;
  const words = `unknown key "${strange.slice(0, 60)}"${hint}`;
  throw place.fault([...place.path, strange], words);
}

/** An object with these keys and no other. */
export function objectShape<K extends ShapeKeys>(expected: string, keys: K): Shape<ObjectOf<K>> {
  const entries = Object.entries(keys);
  const needed = entries.filter(([, key]) => key.needed).map(([name]) => name);
  const properties = entries.map(([name, key]) => [
    name,
    {
      description: key.about,
      ...('usual' in key && { default: key.usual }),
      ...key.shape.schema,
    },
  ]);
  return {
    expected,
    kinds: ['object'],
    named: namesOf(() => entries.map(([, { shape }]) => shape)),
    schema: {
      type: 'object',
      properties: Object.fromEntries(properties) as object,
      ...(needed.length > 0 && { required: needed }),
      additionalProperties: false,
    },
    read(value, place) {
      const given = value as Readonly<Record<string, unknown>>;
      refuseStrangers(given, Object.keys(keys), place);
      const read: [string, unknown][] = [];
      for (const [name, key] of entries) {
        const { shape, needed: must } = key;
        const own = Object.hasOwn(given, name) ? given[name] : undefined;
        if (own === undefined && must) {
          throw place.fault(place.path, `"${name}" is missing: expected ${shape.expected}`);
        }
        if (own !== undefined) read.push([name, readShape(shape, own, within(place, name))]);
        else if ('usual' in key) read.push([name, key.usual]);
      }
      return Object.fromEntries(read) as ObjectOf<K>;
    },
  };
}

/** An object with any keys that fit; each value has the same shape. */
export function recordShape<T>(
  expected: string,
  { keys, words, most }: { readonly keys: RegExp; readonly words: string; readonly most: number },
  shape: Shape<T>,
): Shape<Readonly<Record<string, T>>> {
  return {
    expected,
    kinds: ['object'],
    named: namesOf(() => [shape]),
    schema: {
      type: 'object',
      propertyNames: { pattern: keys.source },
      maxProperties: most,
      additionalProperties: shape.schema,
    },
    read(value, place) {
      const entries = Object.entries(value as object);
      if (entries.length > most) refuse(place, `at most ${most} keys`, value);
      return Object.fromEntries(
        entries.map(([name, each]: [string, unknown]) => {
          const inner = within(place, name);
          if (!keys.test(name)) throw place.fault(inner.path, `expected ${words} as the key`);
          return [name, readShape(shape, each, inner)];
        }),
      );
    },
  };
}

/** A list. */
export function listShape<T>(
  shape: Shape<T>,
  { least = 0, most }: { readonly least?: number; readonly most: number },
): Shape<readonly T[]> {
  const expected = `a list, each ${shape.expected}`;
  const { schema } = shape;
  return {
    expected,
    kinds: ['list'],
    named: namesOf(() => [shape]),
    schema: { type: 'array', items: schema, minItems: least, maxItems: most },
    read(value, place) {
      const list = value as readonly unknown[];
      if (list.length < least || list.length > most) {
        refuse(place, `${least} to ${most} entries`, value);
      }
      return list.map((each, at) => readShape(shape, each, within(place, at)));
    },
  };
}

/** One of several shapes, told apart by the kind of the value: the first that takes it reads it. */
export function eitherShape<const S extends readonly Shape<unknown>[]>(
  ...shapes: S
): Shape<S[number] extends Shape<infer T> ? T : never> {
  return {
    expected: shapes.map((each) => each.expected).join(', or '),
    kinds: [...new Set(shapes.flatMap((each) => each.kinds))],
    named: namesOf(() => shapes),
    schema: { anyOf: shapes.map((each) => each.schema) },
    read(value, place) {
      const kind = kindOf(value);
      const shape = shapes.find((each) => kind !== undefined && each.kinds.includes(kind));
      return shape?.read(value, place) as S[number] extends Shape<infer T> ? T : never;
    },
  };
}

/** What is made of a value once it is read. `make` throws what `place.fault` makes. */
export function madeShape<A, B>(
  shape: Shape<A>,
  make: (value: A, place: ShapePlace) => B,
): Shape<B> {
  const { expected, kinds, schema, named } = shape;
  const read = (value: unknown, place: ShapePlace): B => make(shape.read(value, place), place);
  return { expected, kinds, schema, ...(named !== undefined && { named }), read };
}

/** A shape with a name in the schema, which may have itself inside. */
export function namedShape<T>(
  name: string,
  { expected, kinds }: Pick<Shape<T>, 'expected' | 'kinds'>,
  shape: () => Shape<T>,
): Shape<T> {
  return {
    expected,
    kinds,
    schema: { $ref: `#/$defs/${name}` },
    named: () => ({ [name]: shape() }),
    read: (value, place) => readShape(shape(), value, place),
  };
}

type Names = Readonly<Record<string, Shape<unknown>>>;

function namesOf(shapes: () => readonly Shape<unknown>[]): () => Names {
  return () => Object.assign({}, ...shapes().map((each) => each.named?.() ?? {})) as Names;
}

/** The whole schema of a file, with what it names. */
export function schemaDocument(
  shape: Shape<unknown>,
  head: { readonly $id: string; readonly title: string; readonly description: string },
): object {
  const found = new Map<string, Shape<unknown>>();
  const walk = (each: Shape<unknown>): void => {
    for (const [name, inner] of Object.entries(each.named?.() ?? {})) {
      if (found.has(name)) continue;
      found.set(name, inner);
      walk(inner);
    }
  };
  walk(shape);
  const $defs = Object.fromEntries([...found].map(([name, each]) => [name, each.schema]));
  const $schema = 'https://json-schema.org/draft/2020-12/schema';
  return { $schema, ...head, ...shape.schema, ...(found.size > 0 && { $defs }) };
}
