import { checkLength, malformed } from './text-file.ts';
import type { Place, BuildText } from './text-file.ts';

/** A piece of a devicetree source (Devicetree Specification v0.4, chapter 6). */
export interface DevicetreeToken {
  readonly kind: 'word' | 'string' | 'reference' | 'directive' | 'mark' | 'end';
  /** A word or mark as it stands there; what a string holds; the label or path that a reference names. */
  readonly text: string;
  readonly line: number;
}

const SPACE = /[\s\f]+/y;
const COMMENT = /\/\*[^]*?\*\/|\/\/[^\n]*/y;
const DIRECTIVE = /\/[a-z][a-z0-9-]*\//y;
const STRING = /"((?:[^"\\\n]|\\[^\n])*)"/y;
const REFERENCE = /&(?:([A-Za-z_][A-Za-z0-9_]*)|\{(\/[A-Za-z0-9,._+?#@/-]*)\})/y;
const WORD = /[A-Za-z0-9,._+?#@-]+/y;
const MARKS = '{}=;<>[]:/';

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
]);

/** Reads a devicetree source token by token, comments left out. */
export class DevicetreeTokens {
  readonly #name: string;
  readonly #text: string;
  #at = 0;
  #line = 1;

  /** Throws `OUT_OF_RANGE` for a file that is too long. */
  constructor(file: BuildText) {
    checkLength(file);
    this.#name = file.name;
    this.#text = file.text;
  }

  /** Where a token stands. */
  place({ line }: Pick<DevicetreeToken, 'line'>): Place {
    return { name: this.#name, line };
  }

  /** The next token; at the end, the end again and again. Throws `MALFORMED` for what is none. */
  next(): DevicetreeToken {
    this.#skip();
    const line = this.#line;
    if (this.#at >= this.#text.length) return { kind: 'end', text: 'the end of the file', line };
    const string = this.#match(STRING);
    if (string !== undefined) return { kind: 'string', text: unescape(string[1] ?? ''), line };
    const reference = this.#match(REFERENCE);
    if (reference !== undefined) {
      return { kind: 'reference', text: reference[1] ?? reference[2] ?? '', line };
    }
    const directive = this.#match(DIRECTIVE);
    if (directive !== undefined) return { kind: 'directive', text: directive[0], line };
    const word = this.#match(WORD);
    // A comma stands in names, and between values, where nothing else is in the word.
    if (word !== undefined) return { kind: word[0] === ',' ? 'mark' : 'word', text: word[0], line };
    const mark = this.#text[this.#at] ?? '';
    if (!MARKS.includes(mark)) malformed(this.place({ line }), unexpected(mark));
    this.#at += 1;
    return { kind: 'mark', text: mark, line };
  }

  #skip(): void {
    while (this.#match(SPACE) !== undefined || this.#match(COMMENT) !== undefined);
    if (this.#text.startsWith('/*', this.#at)) {
      malformed(this.place({ line: this.#line }), 'expected "*/" behind this comment, got the end');
    }
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    for (let at = found[0].indexOf('\n'); at >= 0; at = found[0].indexOf('\n', at + 1)) {
      this.#line += 1;
    }
    this.#at += found[0].length;
    return found;
  }
}

function unexpected(mark: string): string {
  if (mark === '"') return 'expected a string that ends in its line';
  return `expected a devicetree as a build puts it out, got ${JSON.stringify(mark)}`;
}

function unescape(text: string): string {
  return text.replaceAll(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    return ESCAPES.get(code) ?? code;
  });
}
