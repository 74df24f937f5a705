#!/usr/bin/env node
import { dfukit } from './dfukit.ts';
import { processTerminal } from './process-terminal.ts';

process.exitCode = await dfukit(process.argv.slice(2), processTerminal);
