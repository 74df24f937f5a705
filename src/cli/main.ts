#!/usr/bin/env node
import { dfukit } from './dfukit.ts';
import { processTerminal } from './process-terminal.ts';

const code = await dfukit(process.argv.slice(2), processTerminal);
// An output that has failed has said so already: no success.
if (code !== 0) process.exitCode = code;
