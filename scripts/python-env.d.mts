export interface PythonEnv {
  /** the environment's folder */
  readonly dir: string;
  /** its interpreter */
  readonly python: string;
  /** the folder of its commands: temporal, mlflow, uvicorn, ... */
  readonly bin: string;
}
export function ensurePythonEnv(options?: { log?: (line: string) => void }): Promise<PythonEnv>;
export function ensureTestPythonEnv(options?: { log?: (line: string) => void }): Promise<PythonEnv>;
