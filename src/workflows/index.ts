export { bakeChampion } from './bake-champion.js';
export { modelLifecycle } from './model-lifecycle.js';
export { monitorModel } from './monitor-model.js';
export { reconcileModels } from './reconcile-models.js';
export { requestCycle } from './request-cycle.js';
export { retrainCycle } from './retrain-cycle.js';
export { rollbackModel } from './rollback-model.js';
export { rolloutModel } from './rollout-model.js';
