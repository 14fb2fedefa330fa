/** The environment without what names servers and stores of others: for a stack that is to touch nothing but its own home: SageMaker would not reach that. */
export function ownServersOnly(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign =
    /^(TEMPORAL_|MLFLOW_TRACKING_URI$|RATCHET_STORE_URI$|RATCHET_HOME$|RATCHET_TEMPORAL$|RATCHET_SAGEMAKER_(SERVING_)?ROLE_ARN$)/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !foreign.test(name)));
}
