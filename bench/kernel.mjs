// The same download by dfu-util and by dfukit, on a real Linux kernel, in one run. Needs the kernel lab.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const lab = join(root, 'test/kernel/lab');

const { status, stdout } = spawnSync(lab, ['missing'], { encoding: 'utf8' });
if (status === 0) {
  const folder = mkdtempSync(join(tmpdir(), 'dfukit-bench-'));
  const script = join(folder, 'script');
  writeFileSync(script, 'exec node "$1/bench/kernel-guest.mjs"\n');
  const { status: ended } = spawnSync(lab, ['run', script, root], {
    stdio: 'inherit',
    env: { ...process.env, LAB_SECONDS: '540' },
  });
  rmSync(folder, { recursive: true });
  process.exitCode = ended ?? 1;
} else {
  const what = stdout?.trim().replaceAll('\n', ' and ') ?? 'Linux';
  console.error(`bench: the kernel lab is not there (missing: ${what}); see test/kernel/lab`);
}
