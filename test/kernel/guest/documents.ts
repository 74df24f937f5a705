import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scenario } from './scenario.ts';

/** Commands of a block that the kernel has a part in, in a page that tells its reader to type them. */
export interface KernelBlock {
  readonly page: string;
  readonly line: number;
  readonly commands: readonly string[];
}

/** Where the blocks of the documents are, for the guest. */
export const documentsFile = 'documents.json';

/** How long a person takes to read what came and to type on, in seconds, on a machine as slow as this one. */
const PERSON_S = 6;

/** The programs of the documents on a machine that has no network, no npm, and the modules of its own kernel. */
const programs = {
  npx: 'shift\nexec node "$DFUKIT/dist/cli/main.js" "$@"',
  modprobe: '[ "$1" = vhci-hcd ] && grep -q "^vhci_hcd " /proc/modules',
};

function install(folder: string): void {
  mkdirSync(folder);
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
}

function script(commands: readonly string[]): string {
  const typed = commands.flatMap((command) => [`sleep ${PERSON_S}`, command, 'echo "=> $?"']);
  return ['PATH=$PWD/programs:$PATH', ...typed, 'kill %1', 'wait'].join('\n');
}

function blocks(): KernelBlock[] {
  const path = `${process.env['IMAGES']}/${documentsFile}`;
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as KernelBlock[]) : [];
}

/** The documents, typed as they are printed. */
export const documents: readonly Scenario[] = [
  {
    name: 'the commands of the documents, typed as printed',
    async run(bench) {
      const all = blocks();
      assert.ok(all.length > 0, 'no document has a block for the kernel');
      install(bench.path('programs'));
      for (const { page, line, commands } of all) {
        bench.note(`${page}:${line}`);
        const args = ['-c', script(commands)];
        const { output } = await bench.run('bash', args, { timeoutMs: 300_000 });
        const statuses = [...output.matchAll(/^=> (\d+)$/gm)].map(([, status]) => status);
        assert.deepEqual(
          statuses,
          commands.map(() => '0'),
          `${page}:${line}`,
        );
      }
    },
  },
];
