// Runs this project's own program again and again in one process, since Node's start is most of the time of a short
// command under emulation. A line of standard input is the words of one; standard output has what it says, and behind it
// a line with NUL and its exit code. Argument: the program's file.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [node = '', , program = ''] = process.argv;
const require = createRequire(import.meta.url);
// Each run has a word to say at the end of the process.
process.setMaxListeners(0);
for await (const line of createInterface(process.stdin)) {
  process.argv = [node, program, ...(JSON.parse(line) as readonly string[])];
  process.exitCode = 0;
  // Its first module is run anew each time; what that loads stays.
  delete require.cache[require.resolve(program)];
  await (require(program) as { readonly ended: Promise<void> }).ended;
  process.stdout.write(`\0${process.exitCode}\n`);
}
