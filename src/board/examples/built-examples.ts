/**
 * The example firmware as texts, so that it goes wherever a bundler puts this package. In the built package a module
 * with the finished texts stands in the place of this one; from the sources it is what was built of them last.
 *
 * @module
 */
import { existsSync } from 'node:fs';

interface BuiltExamples {
  readonly builtExamples: Readonly<Record<string, string>>;
}

const built = new URL('../../../dist/board/examples/built-examples.js', import.meta.url);
const made = existsSync(built)
  ? ((await import(/* @vite-ignore */ built.href)) as BuiltExamples)
  : { builtExamples: {} };

/** The ES module of each variant, by `exampleFileName`. */
export const builtExamples: Readonly<Record<string, string>> = made.builtExamples;
