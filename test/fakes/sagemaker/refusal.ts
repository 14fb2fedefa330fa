/** An error as SageMaker answers it. */
export class FakeRefusal extends Error {
  constructor(
    readonly type: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}
