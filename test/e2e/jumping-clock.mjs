/**
 * Preloaded into every Node process of a stack (`NODE_OPTIONS=--import …`): its clock is off by as many milliseconds as the
 * file named in CLOCK_OFFSET_FILE says at that moment. Timers and performance.now() are the monotonic clock's and stay right.
 */
import childProcess from 'node:child_process';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { CLOCK_OFFSET_FILE, NODE_OPTIONS } = process.env;
const RightDate = Date;
const wrongNow = () => RightDate.now() + Number(readFileSync(CLOCK_OFFSET_FILE, 'utf8'));

globalThis.Date = new Proxy(RightDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [wrongNow()] : args, newTarget),
  apply: () => new RightDate(wrongNow()).toString(),
  get: (target, key) => (key === 'now' ? wrongNow : Reflect.get(target, key)),
});

// A job's supervisor gets a few named variables alone: its clock would be right.
const { spawn } = childProcess;
childProcess.spawn = (file, args, options) => {
  const isSupervisor = Array.isArray(args) && args.some((argument) => argument.includes('job-supervisor'));
  return spawn(file, args, isSupervisor ? { ...options, env: { ...options.env, NODE_OPTIONS, CLOCK_OFFSET_FILE } } : options);
};
syncBuiltinESMExports();
