import { DfuError } from '../../bytes/index.ts';
import { DevicetreeTokens } from './devicetree-tokens.ts';
import type { DevicetreeToken } from './devicetree-tokens.ts';
import { malformed } from './text-file.ts';
import type { Place, BuildText } from './text-file.ts';

/** A number in `<>`, or the label or path of the node whose phandle stands there. */
export type DevicetreeCell = number | { readonly to: string };

/** A part of a property's value; commas stand between them. */
type DevicetreeValue =
  | { readonly kind: 'cells'; readonly bits: number; readonly cells: readonly DevicetreeCell[] }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: readonly number[] }
  /** The path of a node, by its label. */
  | { readonly kind: 'path'; readonly to: string };

/** A property; one without a value is there or is not. */
export interface DevicetreeProperty {
  readonly name: string;
  readonly place: Place;
  readonly values: readonly DevicetreeValue[];
}

/** A node with all that stands in it. */
export interface DevicetreeNode {
  /** With its unit address: `flash@0`; `/` for the root. */
  readonly name: string;
  readonly path: string;
  readonly place: Place;
  readonly parent: DevicetreeNode | undefined;
  readonly labels: readonly string[];
  readonly properties: ReadonlyMap<string, DevicetreeProperty>;
  readonly nodes: ReadonlyMap<string, DevicetreeNode>;
}

/** A devicetree in which nodes are found by label and by path. */
export interface Devicetree {
  readonly name: string;
  readonly root: DevicetreeNode;
  /** Node labels. */
  readonly labels: ReadonlyMap<string, DevicetreeNode>;
  readonly paths: ReadonlyMap<string, DevicetreeNode>;
}

/** While it is read. */
interface Growing extends DevicetreeNode {
  readonly labels: string[];
  readonly properties: Map<string, DevicetreeProperty>;
  readonly nodes: Map<string, Growing>;
  readonly parent: Growing | undefined;
}

/** Real ones have some eight levels and 500 nodes. */
const MOST_LEVELS = 64;
const MOST_NODES = 65536;
/** Of all paths together: long names with many nodes in them would fill the memory. */
const MOST_PATH_CHARACTERS = 2 ** 24;
const NUMBER = /^(?:0x[0-9a-fA-F]{1,16}|\d{1,20})$/;

/** Fills a devicetree with what a source says. */
class Reader {
  readonly #tokens: DevicetreeTokens;
  readonly #paths = new Map<string, Growing>();
  readonly #labels = new Map<string, Growing>();
  readonly #name: string;
  #pathCharacters = 0;
  #token: DevicetreeToken;
  #ahead: DevicetreeToken | undefined;

  constructor(file: BuildText) {
    this.#name = file.name;
    this.#tokens = new DevicetreeTokens(file);
    this.#token = this.#tokens.next();
  }

  read(): Devicetree {
    if (!this.#take('directive', '/dts-v1/')) this.#wrong('"/dts-v1/;"');
    this.#mark(';');
    while (this.#token.kind !== 'end') this.#top();
    const root = this.#paths.get('/');
    if (root === undefined) {
      throw new DfuError('MALFORMED', `${this.#name}: expected a root node "/ { … };", got none`);
    }
    return { name: this.#name, root, labels: this.#labels, paths: this.#paths };
  }

  #top(): void {
    if (this.#token.text === '/memreserve/') {
      while (!this.#take('mark', ';')) this.#advance();
      return;
    }
    const place = this.#tokens.place(this.#token);
    this.#mark('/');
    const root = this.#paths.get('/') ?? growing({ name: '/', path: '/', place });
    this.#paths.set('/', root);
    this.#body(root, 1);
  }

  /** `{ … };` */
  #body(node: Growing, level: number): void {
    if (level > MOST_LEVELS) {
      malformed(node.place, `expected at most ${MOST_LEVELS} nodes inside one another`);
    }
    this.#mark('{');
    while (!this.#take('mark', '}')) this.#member(node, level);
    this.#mark(';');
  }

  #member(node: Growing, level: number): void {
    const labels: string[] = [];
    for (;;) {
      const word = this.#token;
      if (word.kind !== 'word') this.#wrong('a property, a node or "}"');
      this.#advance();
      if (!this.#take('mark', ':')) return this.#named(node, word, { labels, level });
      labels.push(word.text);
    }
  }

  #named(
    node: Growing,
    word: DevicetreeToken,
    { labels, level }: { readonly labels: readonly string[]; readonly level: number },
  ): void {
    const place = this.#tokens.place(word);
    if (this.#token.text !== '{' || this.#token.kind !== 'mark') {
      const values = this.#take('mark', '=') ? this.#values() : [];
      this.#mark(';');
      node.properties.set(word.text, { name: word.text, place, values });
      return;
    }
    const child = node.nodes.get(word.text) ?? this.#grow(node, word.text, place);
    for (const label of labels) {
      const other = this.#labels.get(label);
      if (other !== undefined && other !== child) {
        malformed(
          place,
          `the label "${label}" is that of ${other.path} in line ${other.place.line}`,
        );
      }
      this.#labels.set(label, child);
      child.labels.push(label);
    }
    this.#body(child, level + 1);
  }

  #grow(parent: Growing, name: string, place: Place): Growing {
    const path = parent.path === '/' ? `/${name}` : `${parent.path}/${name}`;
    const child = growing({ name, path, place, parent });
    if (this.#paths.size >= MOST_NODES) malformed(place, `expected at most ${MOST_NODES} nodes`);
    this.#pathCharacters += path.length;
    if (this.#pathCharacters > MOST_PATH_CHARACTERS) malformed(place, 'expected shorter names');
    this.#paths.set(path, child);
    parent.nodes.set(name, child);
    return child;
  }

  #values(): DevicetreeValue[] {
    const values: DevicetreeValue[] = [];
    do {
      this.#skipLabels();
      values.push(this.#value());
      this.#skipLabels();
    } while (this.#take('mark', ','));
    return values;
  }

  #value(): DevicetreeValue {
    const { kind, text } = this.#token;
    if (kind === 'string') {
      this.#advance();
      return { kind: 'string', text };
    }
    if (kind === 'reference') {
      this.#advance();
      return { kind: 'path', to: text };
    }
    if (this.#take('mark', '[')) return { kind: 'bytes', bytes: this.#bytes() };
    const bits = this.#take('directive', '/bits/') ? this.#bits() : 32;
    if (!this.#take('mark', '<')) this.#wrong('a value: "…", <…>, […] or a reference');
    return { kind: 'cells', bits, cells: this.#cells() };
  }

  #bits(): number {
    const { text } = this.#token;
    if (!['8', '16', '32', '64'].includes(text)) this.#wrong('8, 16, 32 or 64 behind /bits/');
    this.#advance();
    return Number(text);
  }

  #cells(): DevicetreeCell[] {
    const cells: DevicetreeCell[] = [];
    for (;;) {
      this.#skipLabels();
      if (this.#take('mark', '>')) return cells;
      const { kind, text } = this.#token;
      if (kind === 'reference') cells.push({ to: text });
      else if (kind === 'word' && NUMBER.test(text)) cells.push(Number(text));
      else this.#wrong('a number, a reference or ">"');
      this.#advance();
    }
  }

  #bytes(): number[] {
    const bytes: number[] = [];
    for (;;) {
      this.#skipLabels();
      if (this.#take('mark', ']')) return bytes;
      const { kind, text } = this.#token;
      if (kind !== 'word' || !/^(?:[0-9a-fA-F]{2})+$/.test(text)) this.#wrong('hex bytes or "]"');
      for (let at = 0; at < text.length; at += 2) {
        bytes.push(Number.parseInt(text.slice(at, at + 2), 16));
      }
      this.#advance();
    }
  }

  /** Labels may stand inside of a value, too. */
  #skipLabels(): void {
    while (this.#token.kind === 'word' && this.#peek().text === ':') {
      this.#advance();
      this.#advance();
    }
  }

  #peek(): DevicetreeToken {
    this.#ahead ??= this.#tokens.next();
    return this.#ahead;
  }

  #advance(): void {
    this.#token = this.#peek();
    this.#ahead = undefined;
  }

  #take(kind: DevicetreeToken['kind'], text: string): boolean {
    if (this.#token.kind !== kind || this.#token.text !== text) {
      if (this.#token.kind === 'end') this.#wrong(`"${text}"`);
      return false;
    }
    this.#advance();
    return true;
  }

  #mark(text: string): void {
    if (!this.#take('mark', text)) this.#wrong(`"${text}"`);
  }

  #wrong(expected: string): never {
    const { kind, text } = this.#token;
    const got = kind === 'end' ? text : JSON.stringify(kind === 'reference' ? `&${text}` : text);
    malformed(this.#tokens.place(this.#token), `expected ${expected}, got ${got}`);
  }
}

function growing(
  node: Pick<Growing, 'name' | 'path' | 'place'> & { readonly parent?: Growing },
): Growing {
  const { name, path, place, parent } = node;
  return { name, path, place, parent, labels: [], properties: new Map(), nodes: new Map() };
}

/**
 * Reads a devicetree as a build puts it out (`zephyr.dts`): all nodes in place, nothing included or deleted,
 * numbers worked out. Throws `MALFORMED` with the line, `OUT_OF_RANGE` for a file of more than 4 MiB.
 */
export function readDevicetree(file: BuildText): Devicetree {
  return new Reader(file).read();
}
