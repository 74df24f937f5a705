// The same downloads by dfu-util and by dfukit, on a real Linux kernel, in one run. Needs the kernel lab.
//   node bench/kernel.mjs [64 | 1024 | 4096 | dfuse | update]…
// DFUKIT_BENCH_TRIES (3): of each the middle counts. Start-up weighs many times more than on a machine that is not emulated.
// Beside the two, of plain DFU: a program that is nothing but Node and the package `usb`, and does the same transfers.
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
  writeFileSync(script, 'folder=$1; shift; exec node "$folder/bench/kernel-guest.mjs" "$@"\n');
  const given = [process.env.DFUKIT_BENCH_TRIES ?? '3', ...process.argv.slice(2)];
  const { status: ended } = spawnSync(lab, ['run', script, root, ...given], {
    stdio: 'inherit',
    env: { LAB_SECONDS: '1200', ...process.env },
  });
  rmSync(folder, { recursive: true });
  process.exitCode = ended ?? 1;
} else {
  const what = stdout?.trim().replaceAll('\n', ' and ') ?? 'Linux';
  console.error(`bench: the kernel lab is not there (missing: ${what}); see test/kernel/lab`);
}
