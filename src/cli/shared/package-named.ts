import { createRequire } from 'node:module';
import { mainFile } from './main-file.ts';

const required = createRequire(mainFile);

/**
 * A package that is CommonJS, as what it exports. `import()` would have Node's other loader begin for it, which takes
 * longer than most commands until they do something. Throws what Node throws where it is not installed.
 */
export function packageNamed(name: string): unknown {
  return required(name);
}
