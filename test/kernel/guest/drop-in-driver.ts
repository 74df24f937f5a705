// Runs command lines of this project's program, one after the other, in one process: in the guest each start takes seconds.
//   node drop-in-driver.js MAIN      a JSON array of arguments a line; behind each answer, on both streams, a line with END
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [, , main = ''] = process.argv;
// Each listens anew to the streams, as long as they are open.
process.stdout.setMaxListeners(0);
process.stderr.setMaxListeners(0);
process.setMaxListeners(0);
const require = createRequire(import.meta.url);
for await (const line of createInterface(process.stdin)) {
  process.argv = [process.execPath, main, ...(JSON.parse(line) as string[])];
  process.exitCode = 0;
  // Each time anew, as if it were started.
  delete require.cache[require.resolve(main)];
  await (require(main) as { readonly ended: Promise<void> }).ended;
  const end = `-- end of answer: ${process.exitCode ?? 0}\n`;
  process.stdout.write(end);
  process.stderr.write(end);
}
