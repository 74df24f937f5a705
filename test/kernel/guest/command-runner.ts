// Runs this project's own program again and again in one process, since Node's start is most of the time of a short
// command under emulation. A line of standard input is the words of one; standard output has what it says, and behind it
// a line with NUL and its exit code. Argument: the program's file.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [node = '', , program = ''] = process.argv;
let count = 0;
for await (const line of createInterface(process.stdin)) {
  process.argv = [node, program, ...(JSON.parse(line) as readonly string[])];
  process.exitCode = 0;
  // Its first module is run anew under each name; what that imports stays.
  await import(`${pathToFileURL(program).href}?${(count += 1)}`);
  process.stdout.write(`\0${process.exitCode}\n`);
}
