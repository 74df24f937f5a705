// What every page runs: the parts of the shell that need a program.
import './theme-switch.ts';
