/** A part of a JSON schema (draft 2020-12). */
export type JsonSchema = { readonly [key: string]: unknown };

/** The way to a value: keys of objects, numbers of entries. */
export type ShapePath = readonly (string | number)[];

/** Where a value stands, and what is thrown about it. */
export interface ShapePlace {
  readonly path: ShapePath;
  /** Makes the error about what stands at `path`: the one place that knows file and line. */
  readonly fault: (path: ShapePath, words: string) => Error;
}

/** What JSON and YAML tell apart. */
type ShapeKind = 'text' | 'number' | 'flag' | 'list' | 'object' | 'nothing';

/**
 * What a value of a file looks like, said once: its reader and its part of the JSON schema come from the same
 * words. A reader throws what `place.fault` makes, and nothing else.
 */
export interface Shape<T> {
  /** As it stands behind "expected": `a whole number from 0 to 7`. */
  readonly expected: string;
  /** The kinds of value that `read` looks at; all others are refused before. */
  readonly kinds: readonly ShapeKind[];
  readonly schema: JsonSchema;
  /** Shapes that the schema names by `$ref`, by that name. */
  readonly named?: () => Readonly<Record<string, Shape<unknown>>>;
  read(value: unknown, place: ShapePlace): T;
}

const kinds: Readonly<Record<string, ShapeKind>> = {
  string: 'text',
  number: 'number',
  boolean: 'flag',
  object: 'object',
  undefined: 'nothing',
};

/** What kind of value it is; undefined for what no file has. */
export function kindOf(value: unknown): ShapeKind | undefined {
  if (value === null) return 'nothing';
  return Array.isArray(value) ? 'list' : kinds[typeof value];
}

/** Longest piece of somebody's file in an error, in characters. */
const MOST_SHOWN = 60;

/** A value as an error shows it. */
function shown(value: unknown): string {
  const kind = kindOf(value);
  if (kind === 'nothing') return 'nothing';
  if (kind === 'list') return `a list of ${(value as readonly unknown[]).length}`;
  if (kind === 'object') {
    const keys = Object.keys(value as object)
      .slice(0, 4)
      .join(', ');
    return keys === '' ? 'an empty object' : `an object with ${keys.slice(0, MOST_SHOWN)}`;
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** Throws what stands at this place and is not what it should be. */
export function refuse(place: ShapePlace, expected: string, value: unknown): never {
  throw place.fault(place.path, `expected ${expected}, got ${shown(value)}`);
}

/** The same place, a step further in. */
export function within(place: ShapePlace, key: string | number): ShapePlace {
  return { ...place, path: [...place.path, key] };
}

/** A path as a person writes it: `flash.sectors[0].sizeBytes`; the whole file is `''`. */
export function pathText(path: ShapePath): string {
  return path
    .map((key, at) => {
      if (typeof key === 'number') return `[${key}]`;
      const name = /^[\w-]{1,60}$/.test(key) ? key : JSON.stringify(key.slice(0, MOST_SHOWN));
      return at === 0 ? name : `.${name}`;
    })
    .join('');
}

/** Checks the kind, then reads. */
export function readShape<T>(shape: Shape<T>, value: unknown, place: ShapePlace): T {
  const kind = kindOf(value);
  if (kind !== undefined && shape.kinds.includes(kind)) return shape.read(value, place);
  const quoted =
    kind === 'number' && shape.kinds.includes('text') ? ' (a number; put it in quotes)' : '';
  throw place.fault(place.path, `expected ${shape.expected}, got ${shown(value)}${quoted}`);
}
