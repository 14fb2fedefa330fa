import { describeTrafficRouter } from '../../contracts/traffic-router.js';
import { startRoutedModels } from '../../servers/routed-models.js';

describeTrafficRouter(
  'envoy',
  async () => {
    const { router } = await startRoutedModels({ 'm-1': 1, 'm-2': 1 });
    return { router, instances: ['m-1', 'm-2'] };
  },
  { canHold: true },
);
