import { describeKills, eachAt } from './describe-kills.js';
import { KILL_POINTS } from './kill-point.js';

describeKills('a cycle survives kill -9 of one process', {}, eachAt(['worker', 'temporal', 'mlflow'], KILL_POINTS));
