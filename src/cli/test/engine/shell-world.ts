import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { mainFile as main } from '../../shared/main-file.ts';

const quoted = (path: string): string => `'${path.replaceAll("'", String.raw`'\''`)}'`;

/** A folder of a command's own, with the same `dfukit` in it that runs the scenario. */
export interface ShellWorld {
  /** Writes the flash as it is now; the answer is its path. */
  readonly writeFlash: (name: string, bytes: Uint8Array) => string;
  /** `PATH` with that `dfukit` first. */
  readonly path: string;
  close(): void;
}

/** Makes it, under the system's folder for temporary files. */
export function shellWorld(): ShellWorld {
  const folder = mkdtempSync(join(tmpdir(), 'dfukit-test-'));
  const shim = `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(main)} "$@"\n`;
  writeFileSync(join(folder, 'dfukit'), shim, { mode: 0o755 });
  writeFileSync(join(folder, 'dfukit.cmd'), `@"${process.execPath}" "${main}" %*\r\n`);
  return {
    writeFlash(name, bytes) {
      const path = join(folder, `${name === '' ? 'flash' : `flash-${name}`}.bin`);
      writeFileSync(path, bytes);
      return path;
    },
    path: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
