import { SourceTextModule, createContext, runInContext } from 'node:vm';
import type { Context } from 'node:vm';
import { isUint8Array } from 'node:util/types';
import { FIRMWARE_NAME } from '../index.ts';
import type { FirmwareModule, ProgramEnd, programPrelude } from '../index.ts';

/** What a firmware is started with. */
export interface FirmwareStart {
  /** The firmware: an ES module. */
  readonly source: string;
  /** A script whose value is `programPrelude`. */
  readonly prelude: string;
  /** `boardInfoText`. */
  readonly info: string;
}

/** What may stand between two words. Each text of it is read in one way only: it must not take for ever. */
const BETWEEN = String.raw`(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/|(?:\/\/|<!--).*(?:[\n\r\u2028\u2029]|$))*`;

/**
 * A dynamic import as it can be written: neither the word nor what may stand between it and its parenthesis can be
 * disguised. It may be in a text or a comment; nobody needs it there.
 */
const DYNAMIC_IMPORT = new RegExp(
  String.raw`\bimport${BETWEEN}(?:\(|\.${BETWEEN}(?:source|defer)\b)`,
  'u',
);

/**
 * Throws for a firmware that imports while it runs. There is nothing to import, and what Node answers it with, a
 * promise and an error, are not of the firmware's world: each is a way out of it.
 */
function refuseDynamicImport(source: string): void {
  const found = DYNAMIC_IMPORT.exec(source);
  if (found === null) return;
  const line = source.slice(0, found.index).split('\n').length;
  throw new SyntaxError(`a firmware cannot import while it runs (line ${line}): bundle it`);
}

/** Evaluates the firmware in its context, where there is nothing to import. */
async function evaluate(source: string, context: Context, begins: () => void): Promise<object> {
  refuseDynamicImport(source);
  const firmware = new SourceTextModule(source, { context, identifier: FIRMWARE_NAME });
  await firmware.link((specifier) => {
    throw new Error(`a firmware cannot import "${specifier}": bundle it`);
  });
  // Until here it was the host that took its time, not the program.
  begins();
  await firmware.evaluate();
  return firmware.namespace;
}

/**
 * Makes the firmware's world, a context with the language and the board's interface and nothing else, and runs the
 * firmware in it. Texts are no programs there: what is not in the image does not run. What goes wrong is thrown.
 * `heard` is called when the world is there to hear what the board says.
 */
export async function runFirmware(
  end: ProgramEnd,
  start: FirmwareStart,
  heard: () => void,
): Promise<void> {
  const context = createContext(Object.create(null) as object, {
    name: FIRMWARE_NAME,
    codeGeneration: { strings: false, wasm: false },
  });
  // V8 gives every context a console, which goes nowhere here.
  runInContext('delete globalThis.console', context);
  const prelude = runInContext(start.prelude, context) as typeof programPrelude;
  // Called from the firmware's context, into which an error of this one would be a way out.
  const post = (head: unknown, bytes: unknown, must: boolean): boolean => {
    if (typeof head !== 'string' || !(bytes === undefined || isUint8Array(bytes))) return false;
    try {
      return end.send({ head, bytes }, must);
    } catch {
      return false;
    }
  };
  const { board, receive, hasCredit } = prelude(post, start.info);
  end.listen({ receive, hasCredit });
  heard();
  const begins = (): void => void end.send({ head: '{"type":"fed"}' });
  const { main } = (await evaluate(start.source, context, begins)) as Partial<FirmwareModule>;
  if (typeof main !== 'function') throw new Error('the firmware exports no function "main"');
  await main(board);
}
