import { describeServing } from '../../contracts/serving.js';
import { useEndpoints } from './endpoints-in-test.js';

const { open } = useEndpoints();
const noPing = /did not pass the ping health check/;
const start = async () => ({ ...(await open()), crash: () => Promise.reject(new Error('SageMaker starts it again by itself')) });
describeServing('SageMaker', start, { neverReady: noPing, dies: noPing, countsRestarts: false });
