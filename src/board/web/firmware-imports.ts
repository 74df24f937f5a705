import { parse } from 'es-module-lexer/js';
import type { ImportSpecifier } from 'es-module-lexer/js';
import { FIRMWARE_NAME } from '../index.ts';

function lineAt(source: string, at: number): number {
  return source.slice(0, at).split('\n').length;
}

function importsIn(source: string): readonly ImportSpecifier[] {
  try {
    return parse(source, FIRMWARE_NAME)[0];
  } catch (error) {
    const { idx = 0 } = error as { readonly idx?: number };
    throw new SyntaxError(
      `the firmware is no module: it does not parse (line ${lineAt(source, idx)})`,
    );
  }
}

/**
 * Throws for a firmware that imports anything: there is nothing to import on a board, and here a browser would look for it on
 * the web.
 */
export function refuseImports(source: string): void {
  for (const { n: specifier, d: kind, s: at } of importsIn(source)) {
    // `import.meta`.
    if (kind === -2) continue;
    const line = lineAt(source, at);
    const what = kind === -1 ? `import "${specifier ?? ''}"` : 'import while it runs';
    throw new SyntaxError(`a firmware cannot ${what} (line ${line}): bundle it`);
  }
}
