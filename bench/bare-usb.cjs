// The same download with nothing but the package `usb`: what no program in Node can be faster than by way of it.
//   node bench/bare-usb.cjs FILE BLOCKBYTES
const { readFileSync } = require('node:fs');
const { usb } = require('usb');

const [, , path, blockText] = process.argv;
const BLOCK_BYTES = Number(blockText);
const MOST_MS = 5000;
const DFU_DNLOAD_IDLE = 5;
const toInterface = { requestType: 'class', recipient: 'interface', index: 0 };

async function main() {
  const file = readFileSync(path);
  const device = (await usb.getDevices()).find(({ vendorId }) => vendorId === 0x1209);
  await device.open();
  await device.claimInterface(0);
  const send = (value, data) =>
    device.controlTransferOut({ ...toInterface, request: 1, value }, data, MOST_MS);
  const state = async () => {
    const { data } = await device.controlTransferIn(
      { ...toInterface, request: 3, value: 0 },
      6,
      MOST_MS,
    );
    return data.getUint8(4);
  };
  const blocks = Math.ceil(file.length / BLOCK_BYTES);
  for (let at = 0; at < blocks; at += 1) {
    await send(at, file.subarray(at * BLOCK_BYTES, (at + 1) * BLOCK_BYTES));
    const now = await state();
    if (now !== DFU_DNLOAD_IDLE) throw new Error(`state ${now} behind block ${at}`);
  }
  await send(blocks, new Uint8Array(0));
  await state();
  await state();
  await device.releaseInterface(0);
  await device.close();
}

void main();
