// The state of a page in its address, so that a situation can be shared: `?board=reel_board&step=12`.

/** How a value stands in an address. */
export interface Field<T> {
  /** What holds where the address says nothing, or nothing that can be read; such a value is not written. */
  readonly initial: T;
  /** Undefined for a text that is no such value: an address is typed by anybody. */
  read(text: string): T | undefined;
  write(value: T): string;
}

/** The fields of a page, by the names that they have in its address. */
type Fields = Readonly<Record<string, Field<unknown>>>;

/** The values of fields. */
export type ValuesOf<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never;
};

/** A text. One that is longer than `mostChars` is none. */
export function textField(initial = '', mostChars = 200): Field<string> {
  return {
    initial,
    read: (text) => (text.length <= mostChars ? text : undefined),
    write: (value) => value,
  };
}

/** One of some words. */
export function choiceField<const T extends string>(
  choices: readonly T[],
  initial: NoInfer<T>,
): Field<T> {
  return {
    initial,
    read: (text) => choices.find((each) => each === text),
    write: (value) => value,
  };
}

/** A whole number from `least` to `most`, in decimal. */
export function numberField(
  initial: number,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): Field<number> {
  return {
    initial,
    read: (text) => {
      const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
      return value >= least && value <= most ? value : undefined;
    },
    write: String,
  };
}

/** A number that may be left out. */
export function optionalNumberField(
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): Field<number | undefined> {
  return {
    initial: undefined,
    read: (text) => numberField(least, least, most).read(text),
    write: (value) => (value === undefined ? '' : String(value)),
  };
}

/** Something that is so or is not: `1` or `0`. */
export function flagField(initial = false): Field<boolean> {
  return {
    initial,
    read: (text) => (text === '1' ? true : text === '0' ? false : undefined),
    write: (value) => (value ? '1' : '0'),
  };
}

/** Reads fields out of the query of an address. What is not there or cannot be read has its initial value. */
export function readState<F extends Fields>(fields: F, address: URL): ValuesOf<F> {
  const values = Object.entries(fields).map(([name, field]) => {
    const text = address.searchParams.get(name);
    const value = text === null ? undefined : field.read(text);
    return [name, value === undefined ? field.initial : value] as const;
  });
  return Object.fromEntries(values) as ValuesOf<F>;
}

/**
 * The address with some of the fields at other values. Initial values are left out, so that an address is as short as
 * it can be; what else its query has, and its hash, stay.
 */
export function withState<F extends Fields>(
  fields: F,
  address: URL,
  changes: Partial<ValuesOf<F>>,
): URL {
  const changed = new URL(address);
  for (const [name, value] of Object.entries(changes)) {
    const field = fields[name];
    if (field === undefined) continue;
    if (value === field.initial) changed.searchParams.delete(name);
    else changed.searchParams.set(name, field.write(value));
  }
  return changed;
}

/** The state of this page in this window. */
interface PageState<F extends Fields> {
  readonly values: ValuesOf<F>;
  /** Changes the address; `push`: as a step that the browser's Back takes back, instead of in place. */
  set(changes: Partial<ValuesOf<F>>, how?: 'replace' | 'push'): void;
  /** Told when Back or Forward changed the values, not after `set`. Answers what ends it. */
  onChange(listener: (values: ValuesOf<F>) => void): () => void;
}

/** Ties fields to the address of this window. */
export function pageState<F extends Fields>(fields: F): PageState<F> {
  const here = (): URL => new URL(location.href);
  return {
    get values() {
      return readState(fields, here());
    },
    set(changes, how = 'replace') {
      const { href } = withState(fields, here(), changes);
      if (href === location.href) return;
      if (how === 'push') history.pushState(null, '', href);
      else history.replaceState(null, '', href);
    },
    onChange(listener) {
      const hear = (): void => listener(readState(fields, here()));
      addEventListener('popstate', hear);
      return () => removeEventListener('popstate', hear);
    },
  };
}
