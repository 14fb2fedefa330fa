export { modelLifecycle } from './model-lifecycle.js';
export { requestCycle } from './request-cycle.js';
export { retrainCycle } from './retrain-cycle.js';
