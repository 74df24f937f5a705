// A rack of boards at once: each its own number, one of them broken. All on a clock that jumps, so it takes no time.
//
//   node examples/flash-a-rack.mjs
import { Device, DfuMode, RamDisk } from 'dfukit/device';
import { flashAll } from 'dfukit/gang';
import { parseDeviceIds } from 'dfukit/host';
import { LoopbackBus } from 'dfukit/link/loopback';
import { VirtualClock } from 'dfukit/usb';

const clock = new VirtualClock();
const bus = new LoopbackBus(clock);
const bmAttributes = { canDnload: true, canUpload: true, manifestationTolerant: true };
const functional = { bmAttributes: { ...bmAttributes, willDetach: true }, wTransferSize: 256 };
for (let at = 1; at <= 8; at += 1) {
  // The memory of the fifth is too small.
  const media = [new RamDisk({ sizeBytes: at === 5 ? 1000 : 65_536, writeMs: 5 })];
  const mode = new DfuMode({ functional: { ...functional, wDetachTimeOut: 500 }, media });
  const identity = { idVendor: 0x1209, idProduct: 0x7d02, serial: `UNIT-${at}` };
  bus.plug(new Device({ identity, configurations: [{ functions: [mode] }] }));
}

const work = flashAll(bus, new Uint8Array(4096), {
  clock,
  which: [parseDeviceIds('1209:7d02')],
  inject: [{ at: 0x100, format: 'u32le', source: { from: 'counter', start: '1000' } }],
});
const { results, ms } = await clock.run(work, () => new Promise((done) => setImmediate(done)));
for (const { unit, outcome, values, error } of results.toSorted((a, b) =>
  a.unit.localeCompare(b.unit),
)) {
  console.log(`${unit}: ${values[0].text} ${outcome}${error ? ` (${error.code})` : ''}`);
}
console.log(`${results.length} boards in ${ms} ms`);
