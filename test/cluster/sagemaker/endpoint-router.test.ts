import { servedModels } from '../../../src/adapters/sagemaker/served-model.js';
import { askingFor } from '../../../src/adapters/sagemaker/endpoint-api.js';
import { askedForAnswers } from '../../../src/adapters/sagemaker/invoke-variant.js';
import { lazySageMaker } from '../../../src/adapters/sagemaker/sagemaker-client.js';
import { canonicalJson } from '../../../src/domain/digest.js';
import { instanceOf } from '../../contracts/serving.js';
import { describeTrafficRouter } from '../../contracts/traffic-router.js';
import { servers, useEndpoints } from '../../adapters/sagemaker/endpoints-in-test.js';

const { open } = useEndpoints();

/** Instances that SageMaker knows, in no endpoint yet: the router puts them there. */
describeTrafficRouter('SageMaker', async () => {
  const { router, store, namePrefix, environment } = await open();
  const ask = askingFor(lazySageMaker(environment), askedForAnswers);
  const models = servedModels(ask, { namePrefix, roleArn: 'arn:aws:iam::000000000000:role/ratchet-server' });
  const instances = ['one-1', 'two-2'] as const;
  for (const name of instances) {
    const spec = instanceOf(await store.put(Buffer.from('model')), { name });
    const order = await store.put(Buffer.from(canonicalJson(spec)));
    await models.create(spec, order, store.uri, servers);
  }
  return { router, instances };
});
