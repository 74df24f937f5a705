import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main, prepareBuild } from '../support/built-cli.ts';

let folder = '';

beforeAll(() => {
  prepareBuild();
  folder = mkdtempSync(join(tmpdir(), 'dfukit-completion-'));
  const program = join(folder, 'dfukit');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(folder, 'firmware.bin'), '');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function shell(name: string, ...args: readonly string[]): { out: string; err: string } {
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder };
  const { stdout, stderr } = spawnSync(name, args, { cwd: folder, env, encoding: 'utf8' });
  return { out: stdout, err: stderr };
}

/** Shells that this machine lacks are left out; bash is everywhere. */
const has = (name: string): boolean => spawnSync(name, ['--version']).status === 0;

const BASH = `
source <(dfukit completion bash)
source <(dfukit completion bash)
compopt() { :; }
try() {
  COMP_WORDS=(dfukit "$@") COMP_CWORD=$# COMPREPLY=()
  __dfukit_complete
  echo "$*: \${COMPREPLY[*]}"
}
try dow
try board ru
try download --prot
try download --protocol ''
try board run parti
try download '$(touch evil)' --rese
try download --bus usbip:
complete -p dfukit
ls
`;

describe('the shells themselves', () => {
  test('bash', () => {
    const { out, err } = shell('bash', '--norc', '-c', BASH);
    expect(err).toBe('');
    expect(out).toContain('dow: download\n');
    expect(out).toContain('board ru: run\n');
    expect(out).toContain('download --prot: --protocol\n');
    expect(out).toContain('download --protocol : dfu dfuse\n');
    expect(out).toContain('board run parti: particle-xenon\n');
    // What is typed is not carried out.
    expect(out).toContain('--rese: --reset\n');
    expect(out).not.toMatch(/^evil$/m);
    // Behind the colon, as bash wants it.
    expect(out).toContain('download --bus usbip:: //\n');
    expect(out).toContain('complete -o default -F __dfukit_complete dfukit');
  });

  test.skipIf(!has('fish'))('fish', () => {
    const script =
      'dfukit completion fish | source; complete -C "dfukit dow"; complete -C "dfukit download --protocol "; ' +
      'complete -C "dfukit download firm"';
    const { out } = shell('fish', '--no-config', '-c', script);
    expect(out).toMatch(/^download\twrite a file into a device$/m);
    expect(out).toMatch(/^dfuse$/m);
    expect(out).toMatch(/^firmware\.bin$/m);
  });

  test.skipIf(!has('zsh'))('zsh reads its script', () => {
    const script =
      'autoload -U compinit; compinit -u -d ./dump; source <(dfukit completion zsh); echo $_comps[dfukit]';
    const { out, err } = shell('zsh', '-f', '-c', script);
    expect(err).toBe('');
    expect(out).toBe('_dfukit\n');
  });
});
