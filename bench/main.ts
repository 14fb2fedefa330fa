/** `npm run bench -- NAME [options]`: one measurement against its budget, with what it is compared with in the same run. */
const benches: Readonly<Record<string, () => Promise<{ run(args: readonly string[]): Promise<void> }>>> = {
  statistics: () => import('./statistics.js'),
  flights: () => import('./flights.js'),
  refit: () => import('./refit.js'),
  year: () => import('./year.js'),
  analysis: () => import('./analysis.js'),
  overhead: () => import('./overhead.js'),
  waiting: () => import('./waiting.js'),
  watching: () => import('./watching.js'),
  verify: () => import('./verify.js'),
  traffic: () => import('./traffic.js'),
  serving: () => import('./serving.js'),
};

const [name, ...args] = process.argv.slice(2);
const bench = name === undefined ? undefined : benches[name];
if (bench === undefined) {
  const names = Object.keys(benches).join(', ');
  console.error(`expected the name of a bench (${names}), found ${name ?? 'none'}. For example: npm run bench -- verify`);
  process.exitCode = 64;
} else {
  await (await bench()).run(args);
}
