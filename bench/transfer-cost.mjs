// What a control transfer costs of our own processor time: a download in small blocks over USB/IP on this machine, the
// device in another process. Two transfers a block; time spent waiting is not counted.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connect, download } from 'dfukit/host';
import { usbipBus } from 'dfukit/link/usbip';
import { figure } from './figure.mjs';
import { clock } from './ways.mjs';

const BLOCK_BYTES = 64;
const TRIES = 5;
const BLOCKS = 4096;
const payload = Uint8Array.from(
  { length: BLOCKS * BLOCK_BYTES },
  (_, at) => (at * 2_654_435_761) >>> 24,
);

const station = fileURLToPath(new URL('station.mjs', import.meta.url));
const child = spawn(process.execPath, [station, String(BLOCK_BYTES)], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [said] = await once(child.stdout, 'data');
const bus = usbipBus({ host: '127.0.0.1', port: Number(String(said)), clock });
const session = await connect(bus, { clock });
const costs = [];
for (let at = 0; at <= TRIES; at += 1) {
  const before = process.cpuUsage();
  await download(session, payload, { onEvent() {} });
  const { user, system } = process.cpuUsage(before);
  // The first try compiles; of the others the least counts, since another process can only add to it.
  if (at > 0) costs.push((user + system) / (2 * BLOCKS));
}
await session.close();
await bus.close();
child.stdin.end();
figure('processor time of a control transfer, host, usbip', Math.min(...costs), 'us', {
  blockBytes: BLOCK_BYTES,
});
