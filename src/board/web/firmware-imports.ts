import { parse } from 'es-module-lexer/js';
import { FIRMWARE_NAME } from '../index.ts';

/**
 * Throws for a firmware that imports anything: there is nothing to import on a board, and here a browser would look for it on
 * the web.
 */
export function refuseImports(source: string): void {
  const [imports] = parse(source, FIRMWARE_NAME);
  for (const { n: specifier, d: kind, s: at } of imports) {
    // `import.meta`.
    if (kind === -2) continue;
    const line = source.slice(0, at).split('\n').length;
    const what = kind === -1 ? `import "${specifier ?? ''}"` : 'import while it runs';
    throw new SyntaxError(`a firmware cannot ${what} (line ${line}): bundle it`);
  }
}
