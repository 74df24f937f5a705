// A bug report becomes a test: somebody sends the trace of a download that failed (`dfukit download … --trace FILE`), and
// it is played back as the device, on a clock that jumps. Here the trace is made first, of a virtual device that has
// too little flash; in a project it is a file beside the test.
//
//   node --test examples/bug-report-as-test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Device, DfuMode, RamDisk } from 'dfukit/device';
import { flashFile } from 'dfukit/host';
import { LoopbackBus } from 'dfukit/link/loopback';
import { encodeTrace, readTrace, replayBus, traceHeader, tracedBus } from 'dfukit/trace';
import { VirtualClock } from 'dfukit/usb';

const firmware = Uint8Array.from({ length: 300 }, (_, at) => at * 7);
const turn = () => new Promise((done) => setImmediate(done));

/** What a user sends: the trace of what went wrong. */
async function bugReport() {
  const clock = new VirtualClock();
  const disk = new RamDisk({ name: 'flash', sizeBytes: 150, writeMs: 20 });
  const mode = new DfuMode({ media: [disk], functional: { wTransferSize: 64 } });
  const identity = { idVendor: 0x1209, idProduct: 0x7d02, serial: 'A123' };
  const bus = new LoopbackBus(clock);
  bus.plug(new Device({ identity, configurations: [{ functions: [mode] }] }));
  const records = [];
  const traced = tracedBus(bus, clock, (record) => records.push(record));
  await clock.run(flashFile(traced, firmware, { clock }), turn).catch(() => {});
  return encodeTrace(traceHeader({ tool: 'an example' }), records);
}

const report = await bugReport();

test('the device that ran out of memory is told as such', async () => {
  const clock = new VirtualClock();
  const bus = replayBus(readTrace(report), { clock });
  const failed = await clock.run(flashFile(bus, firmware, { clock }), turn).catch((error) => error);
  assert.equal(failed.code, 'DEVICE_STATUS');
  assert.match(failed.message, /errADDRESS|errWRITE/);
  assert.equal(bus.departure, undefined);
});

test('a host that does something else is told where', async () => {
  const clock = new VirtualClock();
  const bus = replayBus(readTrace(report), { clock });
  const work = flashFile(bus, firmware, { clock, transferSizeBytes: 32 });
  await assert.rejects(clock.run(work, turn), { code: 'REPLAY' });
});
