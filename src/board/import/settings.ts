import { cNumber } from '../../bytes/index.ts';
import { checkLength, malformed } from './text-file.ts';
import type { Place, BuildText } from './text-file.ts';

/** What one line of a configuration says. */
interface Setting {
  readonly value: string;
  readonly place: Place;
}

const ASSIGNMENT = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)(?::[A-Z]+)?\s*[?:]?=(.*)$/;
const DEFINITION = /^#\s*define\s+([A-Za-z_][A-Za-z0-9_]*)\s(.*)$/;
const UNSET = /^# (CONFIG_\w+) is not set$/;

/**
 * Settings by name, one a line: Kconfig's `.config` (`CONFIG_X=y`, `# CONFIG_X is not set`), the
 * `NAME=value` of make and CMake's cache (`NAME:TYPE=value`), `#define NAME value`.
 */
export class Settings {
  readonly name: string;
  readonly #settings: ReadonlyMap<string, Setting>;

  constructor(name: string, settings: ReadonlyMap<string, Setting>) {
    this.name = name;
    this.#settings = settings;
  }

  /** Of all of them, in order. */
  get names(): readonly string[] {
    return [...this.#settings.keys()];
  }

  /** The setting of that name; what "is not set" is `n`. */
  get(name: string): Setting | undefined {
    return this.#settings.get(name);
  }

  /** Whether it is `y`. */
  isOn(name: string): boolean {
    return this.get(name)?.value === 'y';
  }

  /** Without its quotes. Empty ones are none. */
  text(name: string): Setting | undefined {
    const setting = this.get(name);
    if (setting === undefined) return undefined;
    const { value } = setting;
    const inside = /^"(.*)"$/.exec(value)?.[1];
    const text = inside === undefined ? value : inside.replaceAll(/\\(["\\])/g, '$1');
    return text === '' ? undefined : { ...setting, value: text };
  }

  /** A whole number, decimal or hex, or RIOT's `512K`. Throws `MALFORMED` for what is none. */
  number(name: string): { readonly value: number; readonly place: Place } | undefined {
    const setting = this.text(name);
    if (setting === undefined) return undefined;
    const { value, place } = setting;
    const [, figures = value, unit = ''] = /^\(?(0x[0-9a-f]+|\d+)([KM]?)\)?$/i.exec(value) ?? [];
    const factor = { K: 1024, M: 1024 * 1024 }[unit.toUpperCase()] ?? 1;
    const number = (cNumber(figures) ?? Number.NaN) * factor;
    if (Number.isSafeInteger(number)) return { value: number, place };
    return malformed(place, `${name}: expected a whole number, got "${value.slice(0, 60)}"`);
  }
}

/** Reads settings; lines that are none (comments, headings, what a tool prints besides) are passed over. */
export function readSettings(file: BuildText): Settings {
  checkLength(file);
  const settings = new Map<string, Setting>();
  for (const [index, whole] of file.text.split('\n').entries()) {
    const line = whole.trim();
    const found = UNSET.exec(line) ?? ASSIGNMENT.exec(line) ?? DEFINITION.exec(line);
    if (found === null) continue;
    const [, name = '', value = 'n'] = found;
    settings.set(name, { value: value.trim(), place: { name: file.name, line: index + 1 } });
  }
  return new Settings(file.name, settings);
}
