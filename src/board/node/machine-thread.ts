/**
 * The program of the thread that chips are executed in, one after the other. With a chip it never comes to rest: it looks for what
 * its board says between two slices of the chip's time, and sleeps where the chip has nothing to do. The build bundles this module to one script
 * (`worker-scripts.ts`).
 *
 * @module
 */
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { chipModel } from '../../chip/index.ts';
import type { ChipFlash } from '../../chip/index.ts';
import { MachineEngine } from '../index.ts';
import type { MachineNotice, MachineOrder } from '../index.ts';
import { ChipTime } from './chip-time.ts';
import type { ChipOrderMessage } from './chip-thread.ts';
import { MachineControl } from './machine-control.ts';
import type { MachineStart } from './machine-control.ts';

/** Console text that the board has not taken yet, in bytes; with more the chip waits. */
const MOST_UNREAD = 0x1_0000;

function flashOf(port: MessagePort, control: MachineControl, bytes: Uint8Array): ChipFlash {
  const ask = (): void => port.postMessage({ type: 'flash' });
  return {
    bytes,
    program: (offsetBytes, data) => control.program(offsetBytes, data, ask),
    erase: (offsetBytes, lengthBytes) => control.erase(offsetBytes, lengthBytes, ask),
  };
}

function run(port: MessagePort, start: MachineStart): void {
  const { chip, flash, shared, time, order } = start;
  const model = chipModel(chip);
  if (model === undefined) throw new Error(`no model of ${chip}`);
  const control = new MachineControl(shared);
  const tell = (notice: MachineNotice): void => {
    if (notice.type === 'console') control.sent(notice.bytes.length, MOST_UNREAD);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
    port.postMessage(notice);
  };
  const engine = new MachineEngine(
    { ...order, model, flash: flashOf(port, control, new Uint8Array(flash)) },
    tell,
  );
  const chipTime = new ChipTime(engine, time, () => performance.now());
  for (;;) {
    const seen = control.calls;
    for (;;) {
      if (control.isStopped) return;
      const received: { readonly message: MachineOrder } | undefined = receiveMessageOnPort(port);
      if (received === undefined) break;
      chipTime.heard(received.message);
      engine.take(received.message);
    }
    const sleepMs = chipTime.slice();
    if (sleepMs === undefined) return;
    if (sleepMs > 0) control.sleep(seen, sleepMs);
  }
}

/** Until the chip is over, or its board wants nothing of it any more: then nothing that goes wrong in it counts. */
function runOne({ port, start }: ChipOrderMessage): void {
  try {
    run(port, start);
  } catch (error) {
    if (!new MachineControl(start.shared).isStopped) throw error;
  }
}

parentPort?.on('message', (message: ChipOrderMessage) => {
  runOne(message);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
  parentPort?.postMessage('left');
});
