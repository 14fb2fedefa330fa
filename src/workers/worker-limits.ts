/** So many jobs are watched by one worker without a slot: a watch is a promise and a heartbeat. */
export const WATCHED_JOBS_MAX = 5000;

/** Watches that begin, each for a second (a new worker takes up thousands in half a minute), or that found no room without a slot. */
export const WATCHES_IN_SLOTS_MAX = 200;

/** Workflows kept in memory between two tasks. A cycle that waits for months may leave: it is replayed when it is woken. */
export const WORKFLOWS_CACHED_MAX = 200;

/** Rollouts and bakes watched at once, and shifts of traffic: slots that no training takes. */
export const WATCHED_ROLLOUTS_MAX = 500;

/** So long a task waits for the worker that has its workflow in memory: one that was killed keeps nobody for the ten seconds of the default. */
export const STICKY_SECONDS = 3;
