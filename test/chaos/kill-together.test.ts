import { describeKills, eachAt } from './describe-kills.js';
import { KILL_POINTS } from './kill-point.js';

describeKills('a cycle survives kill -9 of all processes', {}, eachAt(['together', 'supervisor too'], KILL_POINTS));
