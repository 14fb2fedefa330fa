import { describeKills, eachAt } from './describe-kills.js';
import { REFIT_KILL_POINTS } from './kill-point.js';

describeKills(
  'a cycle that refits survives kill -9',
  { refits: true },
  eachAt(['worker', 'temporal', 'mlflow', 'together'], REFIT_KILL_POINTS),
);
