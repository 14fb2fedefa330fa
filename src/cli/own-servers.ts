/** The environment without what names servers and stores of others: for a stack that is to touch nothing but its own home. */
export function ownServersOnly(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(TEMPORAL_|MLFLOW_TRACKING_URI$|RATCHET_STORE_URI$|RATCHET_HOME$|RATCHET_TEMPORAL$)/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !foreign.test(name)));
}
