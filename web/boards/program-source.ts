import { DfuError } from 'dfukit';
import { recognise } from 'dfukit/image';
import { parse } from 'es-module-lexer/js';

const BUILD = 'dfukit firmware build makes an image of it';

function malformed(words: string): DfuError {
  return new DfuError('MALFORMED', words);
}

/** Undefined for what is no text in UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** What a module is made of; undefined for what does not parse as one. */
function parsed(text: string): ReturnType<typeof parse> | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Whether a file is a program in source, an ES module that a board runs once it is in a box. By its name, or if that says
 * nothing by what it is. Throws `UNSUPPORTED` for TypeScript, and `MALFORMED` for a script that is no such module: one that
 * does not parse, that imports something, or that exports no `main`.
 */
export function isProgramSource(bytes: Uint8Array, name: string): boolean {
  const isScript = /\.[cm]?jsx?$/i.test(name);
  const text = textOf(bytes);
  if (text === undefined) {
    if (isScript) throw malformed('expected a module in UTF-8, got no text');
    return false;
  }
  if (/\.[cm]?tsx?$/i.test(name)) {
    const words = 'expected an ES module or an image, got TypeScript, which no board runs';
    throw new DfuError('UNSUPPORTED', `${words}; ${BUILD}`);
  }
  if (!isScript && recognise(bytes).format !== 'binary') return false;
  const found = parsed(text);
  if (found === undefined) {
    if (isScript) throw malformed('expected an ES module, got what does not parse as one');
    return false;
  }
  const [imports, exports, , hasModuleSyntax] = found;
  if (!isScript && !hasModuleSyntax) return false;
  // `import.meta` imports nothing.
  const foreign = imports.find(({ d: kind }) => kind !== -2);
  if (foreign !== undefined) {
    const what = foreign.n === undefined ? 'something while it runs' : `"${foreign.n}"`;
    throw malformed(`it imports ${what}, and a board has nothing to import; ${BUILD}`);
  }
  if (exports.some(({ n: exported }) => exported === 'main')) return true;
  throw malformed('expected an ES module that exports a function "main", got one without');
}
